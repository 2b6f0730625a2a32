import { retag, wire } from './apigateway-v2.ts';
import { TEXT_MAP } from './shape.ts';
import { given, type ResourceType } from './type.ts';

const SETTINGS = {
  LoggingLevel: 'string',
  DataTraceEnabled: 'boolean',
  DetailedMetricsEnabled: 'boolean',
  ThrottlingBurstLimit: 'integer',
  ThrottlingRateLimit: 'number',
} as const;

export const stage: ResourceType = {
  properties: {
    'ApiId!': 'string',
    'StageName!': 'string',
    AutoDeploy: 'boolean',
    DeploymentId: 'string',
    Description: 'string',
    DefaultRouteSettings: SETTINGS,
    RouteSettings: { '*': SETTINGS },
    StageVariables: TEXT_MAP,
    AccessLogSettings: { Format: 'string', DestinationArn: 'string' },
    ClientCertificateId: 'string',
    AccessPolicyId: 'string',
    Tags: TEXT_MAP,
  },
  replaces: ['ApiId', 'StageName'],
  attributes: [],
  nameProperty: 'StageName',
  tags: { property: 'Tags', form: 'map' },
  async create(properties, work) {
    await work.call('apigateway', 'CreateStage', wire(properties, ['Tags', 'StageVariables']));
    work.made(properties['StageName']);
    return { id: properties['StageName'] };
  },
  async update(id, properties, before, work) {
    const { Tags: _tags, ...rest } = properties;
    const off = given({
      AutoDeploy: before['AutoDeploy'] === true && rest['AutoDeploy'] === undefined ? false : undefined,
    });
    await work.call('apigateway', 'UpdateStage', wire({ ...off, ...rest, StageName: id }, ['StageVariables']));
    await retag(`arn:aws:apigateway:${work.region}::/apis/${rest['ApiId']}/stages/${id}`, before, properties, work);
    return { id };
  },
  async delete(id, properties, work) {
    await work.call('apigateway', 'DeleteStage', { apiId: properties['ApiId'], stageName: id });
  },
};
