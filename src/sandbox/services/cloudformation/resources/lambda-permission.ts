import { pick, type ResourceType } from './type.ts';

const PASSED = [
  'FunctionName',
  'Action',
  'Principal',
  'SourceArn',
  'SourceAccount',
  'EventSourceToken',
  'PrincipalOrgID',
  'FunctionUrlAuthType',
  'InvokedViaFunctionUrl',
];

export const lambdaPermission: ResourceType = {
  properties: {
    'FunctionName!': 'string',
    'Action!': 'string',
    'Principal!': 'string',
    SourceArn: 'string',
    SourceAccount: 'string',
    EventSourceToken: 'string',
    PrincipalOrgID: 'string',
    FunctionUrlAuthType: 'string',
    InvokedViaFunctionUrl: 'boolean',
  },
  replaces: PASSED,
  attributes: ['Id'],
  async create(properties, work) {
    const id = work.name(100);
    await work.call('lambda', 'AddPermission', { StatementId: id, ...pick(properties, PASSED) });
    work.made(id);
    return { id, attributes: { Id: id } };
  },
  async delete(id, properties, work) {
    await work.call('lambda', 'RemovePermission', { FunctionName: properties['FunctionName'], StatementId: id });
  },
};
