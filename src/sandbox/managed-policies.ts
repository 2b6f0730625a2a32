/** The AWS managed policies that workshop resources attach, as the AWS Managed Policy Reference gives them. */
const document = (...statements: { Action: string[] | string; Resource: string | string[] }[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(({ Action, Resource }) => ({ Effect: 'Allow', Action, Resource })),
  });

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];

export const AWS_MANAGED_POLICIES: Record<string, string> = {
  'arn:aws:iam::aws:policy/AdministratorAccess': document({ Action: '*', Resource: '*' }),
  'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess': document({
    Action: [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:GetSamplingStatisticSummaries',
    ],
    Resource: ['*'],
  }),
  'arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess': document({ Action: 'states:*', Resource: '*' }),
  'arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess': document({
    Action: [
      'logs:Describe*',
      'logs:Get*',
      'logs:List*',
      'logs:StartQuery',
      'logs:StopQuery',
      'logs:TestMetricFilter',
      'logs:FilterLogEvents',
      'logs:StartLiveTail',
      'logs:StopLiveTail',
      'cloudwatch:GenerateQuery',
    ],
    Resource: '*',
  }),
  'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole': document({ Action: LOGS, Resource: '*' }),
  'arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole': document({
    Action: [
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      ...LOGS,
    ],
    Resource: '*',
  }),
  'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole': document({
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', ...LOGS],
    Resource: '*',
  }),
  'arn:aws:iam::aws:policy/service-role/AWSLambdaRole': document({
    Action: ['lambda:InvokeFunction'],
    Resource: ['*'],
  }),
};
