import { ServiceError } from '../../../errors.ts';
import { TAGS } from './shape.ts';
import {
  alreadyExists,
  given,
  jsonText,
  orNothing,
  type Properties,
  type ResourceType,
  tagChanges,
  tagMap,
  type Work,
} from './type.ts';

const DEFAULT_BUS = 'default';

/** `EventBusName` may be an ARN; what is called by a rule's id is the name. */
function busOf(properties: Properties): string {
  return String(properties['EventBusName'] ?? DEFAULT_BUS).replace(/^arn:.*event-bus\//, '');
}

function idOf(bus: string, name: string): string {
  return bus === DEFAULT_BUS ? name : `${bus}|${name}`;
}

function nameOf(id: string): string {
  return id.slice(id.indexOf('|') + 1);
}

async function putRule(name: string, properties: Properties, work: Work, tags: unknown): Promise<string> {
  const { EventPattern, Description, RoleArn, ScheduleExpression, State } = properties;
  const { RuleArn } = await work.call(
    'events',
    'PutRule',
    given({
      Name: name,
      EventBusName: properties['EventBusName'],
      EventPattern: EventPattern === undefined ? undefined : jsonText(EventPattern),
      Description,
      RoleArn,
      ScheduleExpression,
      State,
      Tags: tags,
    }),
  );
  return String(RuleArn);
}

async function putTargets(name: string, properties: Properties, work: Work): Promise<void> {
  if (!properties['Targets']?.length) return;
  const answer = await work.call(
    'events',
    'PutTargets',
    given({ Rule: name, EventBusName: properties['EventBusName'], Targets: properties['Targets'] }),
  );
  const [failed] = (answer['FailedEntries'] ?? []) as { ErrorCode: string; ErrorMessage: string }[];
  if (failed) throw new ServiceError(failed.ErrorCode, failed.ErrorMessage);
}

async function removeTargets(name: string, bus: string, ids: string[], work: Work): Promise<void> {
  if (ids.length > 0) await work.call('events', 'RemoveTargets', { Rule: name, EventBusName: bus, Ids: ids });
}

export const rule: ResourceType = {
  properties: {
    Name: 'string',
    Description: 'string',
    EventBusName: 'string',
    EventPattern: 'json',
    RoleArn: 'string',
    ScheduleExpression: 'string',
    State: 'string',
    Targets: [
      {
        'Arn!': 'string',
        'Id!': 'string',
        RoleArn: 'string',
        Input: 'string',
        InputPath: 'string',
        InputTransformer: { InputPathsMap: { '*': 'string' }, 'InputTemplate!': 'string' },
        DeadLetterConfig: { Arn: 'string' },
        RetryPolicy: { MaximumEventAgeInSeconds: 'integer', MaximumRetryAttempts: 'integer' },
        SqsParameters: { 'MessageGroupId!': 'string' },
        HttpParameters: {
          HeaderParameters: { '*': 'string' },
          PathParameterValues: ['string'],
          QueryStringParameters: { '*': 'string' },
        },
        // Targets that the sandbox does not reach: refused by EventBridge, by their name.
        AppSyncParameters: 'json',
        BatchParameters: 'json',
        EcsParameters: 'json',
        KinesisParameters: 'json',
        RedshiftDataParameters: 'json',
        RunCommandParameters: 'json',
        SageMakerPipelineParameters: 'json',
      },
    ],
    Tags: TAGS,
  },
  replaces: ['Name', 'EventBusName'],
  attributes: ['Arn', 'RuleName'],
  nameProperty: 'Name',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['Name'] ?? work.name(64);
    const bus = busOf(properties);
    // PutRule would silently take over a rule of this name.
    if (await orNothing(work.call('events', 'DescribeRule', { Name: name, EventBusName: bus })))
      throw alreadyExists(idOf(bus, name));
    const arn = await putRule(name, properties, work, properties['Tags']);
    work.made(idOf(bus, name));
    await putTargets(name, properties, work);
    return { id: idOf(bus, name), attributes: { Arn: arn, RuleName: name } };
  },
  async update(id, properties, before, work) {
    const name = nameOf(id);
    const bus = busOf(properties);
    await work.call('events', 'DescribeRule', { Name: name, EventBusName: bus });
    const arn = await putRule(name, properties, work, undefined);
    const kept = new Set((properties['Targets'] ?? []).map((target: { Id: string }) => target.Id));
    const gone = (before['Targets'] ?? [])
      .map((target: { Id: string }) => target.Id)
      .filter((key: string) => !kept.has(key));
    await removeTargets(name, bus, gone, work);
    await putTargets(name, properties, work);
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('events', 'UntagResource', { ResourceARN: arn, TagKeys: remove });
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length > 0) await work.call('events', 'TagResource', { ResourceARN: arn, Tags: tags });
    return { id, attributes: { Arn: arn, RuleName: name } };
  },
  async delete(id, properties, work) {
    const name = nameOf(id);
    const bus = busOf(properties);
    await work.call('events', 'DescribeRule', { Name: name, EventBusName: bus });
    const { Targets = [] } = await work.call('events', 'ListTargetsByRule', { Rule: name, EventBusName: bus });
    await removeTargets(
      name,
      bus,
      (Targets as { Id: string }[]).map((target) => target.Id),
      work,
    );
    await work.call('events', 'DeleteRule', { Name: name, EventBusName: bus });
  },
  async read(id, expected, work) {
    const name = nameOf(id);
    const bus = busOf(expected);
    const found = await work.call('events', 'DescribeRule', { Name: name, EventBusName: bus });
    const { Targets } = await work.call('events', 'ListTargetsByRule', { Rule: name, EventBusName: bus });
    return {
      Name: found['Name'],
      EventBusName: expected['EventBusName'],
      Description: found['Description'],
      EventPattern:
        typeof expected['EventPattern'] === 'string'
          ? found['EventPattern']
          : JSON.parse(found['EventPattern'] ?? 'null'),
      ScheduleExpression: found['ScheduleExpression'],
      RoleArn: found['RoleArn'],
      State: found['State'],
      Targets,
    };
  },
};
