/** What a lesson is filled with. The caller gathers it; lessons themselves ask nobody. Types only, but for target values. */
import type { Diagram, Mark } from './tree.ts';
import { BUS_NAME, LOG_GROUP, TABLES, WORKFLOW_NAME } from '../workshop.ts';

export interface CheckFacts {
  id: string;
  title: string;
  hints: string[];
  /** `module-1/is-the-shop-open`, with an anchor if need be. */
  lesson: string;
}

/** Which part of a solution is asked for; the attributes of the tag `definition`. */
export interface Selector {
  source: string;
  state?: string | string[];
  path?: string;
  rule?: string;
  role?: string;
  show?: string;
}

export type Found<T> = { value: T } | { problem: string };

export interface LessonFacts {
  target: TargetValues;
  check(id: string): Pick<CheckFacts, 'id' | 'title'> | undefined;
  mark(id: string): Mark;
  /** JSON text. */
  definition(selector: Selector): Found<string>;
  diagram(name: string): Found<Diagram>;
}

/** Where the reader is, as far as is known without asking anybody. */
export interface Place {
  kind: string;
  account?: string | undefined;
  region?: string | undefined;
  profile?: string | undefined;
  endpoint?: string | undefined;
}

export type TargetValues = ReturnType<typeof targetValues>;

/** The values behind `$target.…`; content/README.md lists them. */
export function targetValues(place: Place) {
  const sandbox = place.kind === 'sandbox';
  const region = place.region ?? 'us-east-1';
  const account = place.account ?? (sandbox ? '000000000000' : '‹account›');
  const arn = (service: string, rest: string): string => `arn:aws:${service}:${region}:${account}:${rest}`;
  const workflowArn = arn('states', `stateMachine:${WORKFLOW_NAME}`);
  const page = (service: string, rest: string): string =>
    sandbox ? '' : `https://${region}.console.aws.amazon.com/${service}/home?region=${region}#${rest}`;
  const table = (name: string): string => page('dynamodbv2', `table?name=${name}`);
  return {
    kind: place.kind,
    account,
    region,
    profile: place.profile ?? '',
    endpoint: place.endpoint ?? '',
    cli: [
      place.endpoint ? `--endpoint-url ${place.endpoint}` : '',
      `--region ${region}`,
      place.profile && !sandbox ? `--profile ${place.profile}` : '',
    ]
      .filter(Boolean)
      .join(' '),
    workflowName: WORKFLOW_NAME,
    workflowArn,
    busName: BUS_NAME,
    busArn: arn('events', `event-bus/${BUS_NAME}`),
    logGroup: LOG_GROUP,
    logGroupArn: arn('logs', `log-group:${LOG_GROUP}`),
    console: {
      workflows: page('states', '/statemachines'),
      workflow: page('states', `/statemachines/view/${encodeURIComponent(workflowArn)}`),
      rules: page('events', '/rules'),
      bus: page('events', `/eventbus/${BUS_NAME}`),
      // The console encodes the slashes of a log group's name twice, with $ for %.
      logs: page('cloudwatch', `logsV2:log-groups/log-group/${LOG_GROUP.replaceAll('/', '$252F')}`),
      configTable: table(TABLES.config),
      countingTable: table(TABLES.counting),
      orderTable: table(TABLES.order),
      validatorTable: table(TABLES.validator),
      userPools: sandbox ? '' : `https://${region}.console.aws.amazon.com/cognito/v2/idp/user-pools?region=${region}`,
      functions: page('lambda', '/functions'),
      stacks: page('cloudformation', '/stacks'),
      queues: sandbox ? '' : `https://${region}.console.aws.amazon.com/sqs/v3/home?region=${region}#/queues`,
      metrics: page('cloudwatch', 'metricsV2'),
      dashboards: page('cloudwatch', 'dashboards'),
      iam: sandbox ? '' : 'https://console.aws.amazon.com/iam/home#/roles',
    },
  };
}
