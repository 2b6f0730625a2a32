import { isExcepted, SDK_SERVICES } from './sdk-services.ts';

/**
 * What a Task's Resource may name. The optimized integrations and their patterns are those of the developer guide's
 * page "Integrating optimized services"; the names after `aws-sdk:` those of "Learning to use AWS service SDK
 * integrations". One line per service: a list of `action` or `action+sync+token` words.
 */
const OPTIMIZED: Record<string, string> = {
  apigateway: 'invoke+token',
  athena: 'startQueryExecution+sync stopQueryExecution getQueryExecution getQueryResults',
  batch: 'submitJob+sync',
  bedrock: 'invokeModel+token createModelCustomizationJob+sync',
  'bedrock-agentcore': 'invokeAgentRuntime invokeHarness',
  codebuild:
    'startBuild+sync stopBuild batchDeleteBuilds batchGetReports startBuildBatch+sync stopBuildBatch retryBuildBatch+sync deleteBuildBatch',
  databrew: 'startJobRun+sync',
  dynamodb: 'getItem putItem updateItem deleteItem',
  ecs: 'runTask+sync+token',
  eks: 'call+token createCluster+sync deleteCluster+sync createFargateProfile+sync deleteFargateProfile+sync createNodegroup+sync deleteNodegroup+sync runJob+sync+token',
  elasticmapreduce:
    'createCluster+sync terminateCluster+sync addStep+sync cancelStep setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName',
  'emr-containers': 'createVirtualCluster deleteVirtualCluster+sync startJobRun+sync',
  'emr-serverless':
    'createApplication+sync startApplication+sync stopApplication+sync deleteApplication+sync startJobRun+sync cancelJobRun+sync',
  events: 'putEvents+token',
  glue: 'startJobRun+sync',
  http: 'invoke',
  lambda: 'invoke+token',
  mediaconvert: 'createJob+sync',
  sagemaker:
    'createEndpoint createEndpointConfig createHyperParameterTuningJob+sync createLabelingJob+sync createModel createProcessingJob+sync createTrainingJob+sync createTransformJob+sync updateEndpoint',
  sns: 'publish+token',
  sqs: 'sendMessage+token',
  states: 'startExecution+sync+sync:2+token',
};

/** All actions of the services that the workshop's own lessons call through the SDK: here a misspelt action is caught. */
const SDK_ACTIONS: Record<string, string> = {
  sfn: 'createActivity createStateMachineAlias createStateMachine deleteActivity deleteStateMachineAlias deleteStateMachine deleteStateMachineVersion describeActivity describeExecution describeMapRun describeStateMachineAlias describeStateMachine describeStateMachineForExecution getActivityTask getExecutionHistory listActivities listExecutions listMapRuns listStateMachineAliases listStateMachineVersions listStateMachines listTagsForResource publishStateMachineVersion redriveExecution sendTaskFailure sendTaskHeartbeat sendTaskSuccess startExecution startSyncExecution stopExecution tagResource testState untagResource updateMapRun updateStateMachineAlias updateStateMachine validateStateMachineDefinition',
  dynamodb:
    'batchExecuteStatement batchGetItem batchWriteItem createBackup createGlobalTable createTable deleteBackup deleteItem deleteResourcePolicy deleteTable describeBackup describeContinuousBackups describeContributorInsights describeEndpoints describeExport describeGlobalTable describeGlobalTableSettings describeImport describeKinesisStreamingDestination describeLimits describeTable describeTableReplicaAutoScaling describeTimeToLive disableKinesisStreamingDestination enableKinesisStreamingDestination executeStatement executeTransaction exportTableToPointInTime getItem getResourcePolicy importTable listBackups listContributorInsights listExports listGlobalTables listImports listTables listTagsOfResource putItem putResourcePolicy query restoreTableFromBackup restoreTableToPointInTime scan tagResource transactGetItems transactWriteItems untagResource updateContinuousBackups updateContributorInsights updateGlobalTable updateGlobalTableSettings updateItem updateKinesisStreamingDestination updateTable updateTableReplicaAutoScaling updateTimeToLive',
  eventbridge:
    'activateEventSource cancelReplay createApiDestination createArchive createConnection createEndpoint createEventBus createPartnerEventSource deactivateEventSource deauthorizeConnection deleteApiDestination deleteArchive deleteConnection deleteEndpoint deleteEventBus deletePartnerEventSource deleteRule describeApiDestination describeArchive describeConnection describeEndpoint describeEventBus describeEventSource describePartnerEventSource describeReplay describeRule disableRule enableRule listApiDestinations listArchives listConnections listEndpoints listEventBuses listEventSources listPartnerEventSourceAccounts listPartnerEventSources listReplays listRuleNamesByTarget listRules listTagsForResource listTargetsByRule putEvents putPartnerEvents putPermission putRule putTargets removePermission removeTargets startReplay tagResource testEventPattern untagResource updateApiDestination updateArchive updateConnection updateEndpoint updateEventBus',
  sqs: 'addPermission cancelMessageMoveTask changeMessageVisibility changeMessageVisibilityBatch createQueue deleteMessage deleteMessageBatch deleteQueue getQueueAttributes getQueueUrl listDeadLetterSourceQueues listMessageMoveTasks listQueueTags listQueues purgeQueue receiveMessage removePermission sendMessage sendMessageBatch setQueueAttributes startMessageMoveTask tagQueue untagQueue',
};

export type Pattern = '' | 'sync' | 'sync:2' | 'waitForTaskToken';

export type Resource =
  | { kind: 'integration'; service: string; action: string; pattern: Pattern }
  | { kind: 'sdk'; service: string; action: string; pattern: Pattern }
  | { kind: 'lambda' }
  | { kind: 'activity' }
  /** A URI of some other interpreter (States Language, "Task State": a Resource is any URI). AWS cannot call it. */
  | { kind: 'foreign' }
  | { kind: 'bad'; message: string };

const PATTERNS: Record<string, Pattern> = { sync: 'sync', 'sync:2': 'sync:2', token: 'waitForTaskToken' };

/** Reads a Task's Resource; `bad` carries the sentence with which AWS refuses it. */
export function readResource(text: string): Resource {
  const arn = /^arn:(aws[a-z-]*):([^:]*):([^:]*):([^:]*):(.+)$/s.exec(text);
  if (!arn) {
    if (/^arn:/.test(text) || !/^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/.test(text))
      return { kind: 'bad', message: 'Value is not a valid resource ARN' };
    return { kind: 'foreign' };
  }
  const [, , service = '', region = '', account = '', rest = ''] = arn;
  const unknown: Resource = {
    kind: 'bad',
    message: `The resource provided ${text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
  };
  if (service === 'lambda')
    return region && /^\d+$/.test(account) && /^function:[A-Za-z0-9-_.]+(:(\$LATEST|[A-Za-z0-9-_]+))?$/.test(rest)
      ? { kind: 'lambda' }
      : { kind: 'bad', message: 'Value is not a valid resource ARN' };
  // The forms of the specification's own examples.
  if ((service === 'swf' || service === 'states') && /^task:[^:]+$/.test(rest)) return { kind: 'foreign' };
  if (service !== 'states') return unknown;
  if (region || account)
    return region && /^\d+$/.test(account) && /^activity:[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/.test(rest)
      ? { kind: 'activity' }
      : unknown;

  const task = /^(aws-sdk:)?([A-Za-z0-9-]+):([A-Za-z0-9]+)(?:\.(sync|sync:2|waitForTaskToken))?$/.exec(rest);
  if (!task) return unknown;
  const [, sdk, name = '', action = '', pattern = ''] = task;
  if (sdk) {
    if (!SDK_SERVICES.has(name) || !/^[a-z]/.test(action) || isExcepted(name, action)) return unknown;
    if (pattern !== '' && pattern !== 'waitForTaskToken') return unknown;
    const actions = SDK_ACTIONS[name];
    if (actions && !actions.split(' ').includes(action)) return unknown;
    return { kind: 'sdk', service: name, action, pattern: pattern as Pattern };
  }
  const line = OPTIMIZED[name]?.split(' ').find((entry) => entry.split('+')[0] === action);
  if (!line) return unknown;
  const offered = line
    .split('+')
    .slice(1)
    .map((word) => PATTERNS[word]);
  if (pattern !== '' && !offered.includes(pattern as Pattern)) return unknown;
  return { kind: 'integration', service: name, action, pattern: pattern as Pattern };
}

/** Where the API of an optimized integration goes under its own name. */
const SDK_NAMES: Record<string, string> = { eventbridge: 'events' };

/** What the request of an integration must and may hold, where it is known. */
export function requestOf({ kind, service, action }: Resource & { kind: 'integration' | 'sdk' }): Request | undefined {
  const name = kind === 'sdk' ? (SDK_NAMES[service] ?? service) : service;
  return REQUESTS[`${name}:${action}`];
}

interface Request {
  required: string[];
  optional: string[];
}

/** One line an API (developer guide, one page per service; the services' API references). */
const REQUESTS: Record<string, Request> = {
  'sfn:listExecutions': {
    required: [],
    optional: ['StateMachineArn', 'StatusFilter', 'MaxResults', 'NextToken', 'MapRunArn', 'RedriveFilter'],
  },
  'sfn:describeExecution': { required: ['ExecutionArn'], optional: ['IncludedData'] },
  'sfn:startExecution': { required: ['StateMachineArn'], optional: ['Input', 'Name', 'TraceHeader'] },
  'lambda:invoke': {
    required: ['FunctionName'],
    optional: ['ClientContext', 'InvocationType', 'Payload', 'Qualifier', 'LogType', 'TenantId'],
  },
  'dynamodb:getItem': {
    required: ['TableName', 'Key'],
    optional: [
      'AttributesToGet',
      'ConsistentRead',
      'ExpressionAttributeNames',
      'ProjectionExpression',
      'ReturnConsumedCapacity',
    ],
  },
  'dynamodb:putItem': {
    required: ['TableName', 'Item'],
    optional: [
      'ConditionalOperator',
      'ConditionExpression',
      'Expected',
      'ExpressionAttributeNames',
      'ExpressionAttributeValues',
      'ReturnConsumedCapacity',
      'ReturnItemCollectionMetrics',
      'ReturnValues',
      'ReturnValuesOnConditionCheckFailure',
    ],
  },
  'dynamodb:updateItem': {
    required: ['TableName', 'Key'],
    optional: [
      'AttributeUpdates',
      'ConditionalOperator',
      'ConditionExpression',
      'Expected',
      'ExpressionAttributeNames',
      'ExpressionAttributeValues',
      'ReturnConsumedCapacity',
      'ReturnItemCollectionMetrics',
      'ReturnValues',
      'ReturnValuesOnConditionCheckFailure',
      'UpdateExpression',
    ],
  },
  'dynamodb:deleteItem': {
    required: ['TableName', 'Key'],
    optional: [
      'ConditionalOperator',
      'ConditionExpression',
      'Expected',
      'ExpressionAttributeNames',
      'ExpressionAttributeValues',
      'ReturnConsumedCapacity',
      'ReturnItemCollectionMetrics',
      'ReturnValues',
      'ReturnValuesOnConditionCheckFailure',
    ],
  },
  'events:putEvents': { required: ['Entries'], optional: ['EndpointId'] },
  'sqs:sendMessage': {
    required: ['QueueUrl'],
    optional: [
      'DelaySeconds',
      'MessageAttributes',
      'MessageBody',
      'MessageDeduplicationId',
      'MessageGroupId',
      'MessageSystemAttributes',
    ],
  },
  'sns:publish': {
    required: [],
    optional: [
      'Message',
      'MessageAttributes',
      'MessageDeduplicationId',
      'MessageGroupId',
      'MessageStructure',
      'PhoneNumber',
      'Subject',
      'TargetArn',
      'TopicArn',
    ],
  },
  'states:startExecution': { required: ['StateMachineArn'], optional: ['Input', 'Name', 'TraceHeader'] },
  'http:invoke': {
    required: ['ApiEndpoint', 'Method'],
    optional: ['Authentication', 'Headers', 'InvocationConfig', 'QueryParameters', 'RequestBody', 'Transform'],
  },
  'apigateway:invoke': {
    required: ['ApiEndpoint', 'Method'],
    optional: ['AllowNullValues', 'AuthType', 'Headers', 'Path', 'QueryParameters', 'RequestBody', 'Stage'],
  },
};
