import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BODY_LIMIT, finishTemplate } from '../bin/templates.js';
import {
  intrinsicOf,
  type Json,
  loadSchema,
  readTemplate,
  type Schema,
  type Template,
  templateFaults,
  walk,
} from './schema.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const plan = parse(readFileSync(path.join(root, 'templates/stacks.yaml'), 'utf8')) as {
  runtime: string;
  runtimes: { name: string; blockCreate: string }[];
  stacks: {
    name: string;
    after: string[];
    module: string;
    parameters: Record<string, Json>;
    outputs: { key: string; why: string }[];
  }[];
};
const NAMES = plan.stacks.map(({ name }) => name);

/** Actions that no ARN can be given for, with the page that says so; anywhere else `*` is a fault. */
const NO_RESOURCE: Record<string, string> = {
  'dynamodb:ListStreams': 'Service Authorization Reference, DynamoDB: no resource type, it lists all streams',
  'cloudwatch:PutMetricData': 'Service Authorization Reference, CloudWatch: no resource type, cloudwatch:namespace limits it',
  'states:SendTaskSuccess': 'Service Authorization Reference, Step Functions: no resource type, a token is not an ARN',
  'iot:AttachPolicy':
    'Service Authorization Reference, AWS IoT: certificates and thing groups only, no Cognito identity',
};

let schema: Schema;
const bodies: Record<string, string> = {};
const templates: Record<string, Template> = {};

beforeAll(async () => {
  schema = await loadSchema();
  for (const name of NAMES) {
    bodies[name] = await finishTemplate(root, name, plan.runtime);
    templates[name] = readTemplate(bodies[name] ?? '');
  }
});

const resources = (name: string) => Object.entries(templates[name]?.Resources ?? {});
const allResources = () => NAMES.flatMap((name) => resources(name).map(([id, resource]) => ({ name, id, resource })));

describe.each(NAMES)('%s', (name) => {
  test('fits into one request', () => {
    expect(Buffer.byteLength(bodies[name] ?? '')).toBeLessThan(BODY_LIMIT);
  });

  test('holds nothing that AWS does not know, and refers to nothing that is not there', () => {
    expect(templateFaults(schema, templates[name] as Template)).toEqual([]);
  });

  test('marks every resource that can carry a tag', () => {
    const bare = resources(name).filter(([, { Type, Properties }]) => {
      const tagging = schema.resource(Type)?.tagInformation;
      if (!tagging) return false;
      const tags = Properties?.[tagging.tagPropertyName];
      return Array.isArray(tags)
        ? !tags.some((tag) => JSON.stringify(tag) === '{"Key":"presso:workshop","Value":"serverlesspresso"}')
        : (tags as Record<string, Json> | undefined)?.['presso:workshop'] !== 'serverlesspresso';
    });
    expect(bare.map(([id]) => id)).toEqual([]);
  });

  test('needs no more than CAPABILITY_IAM, no bucket, and locks no other stack', () => {
    const text = bodies[name] ?? '';
    expect(text).not.toMatch(
      /RoleName:|ManagedPolicyName:|Export:|ImportValue|Custom::|AWS::CloudFormation::|Transform:|S3Bucket/,
    );
  });

  test('allows everything only where AWS knows no narrower way', () => {
    const wide = [...walk(templates[name]?.Resources as unknown as Json)].flatMap(({ at, value }) => {
      const statement = value as { Effect?: Json; Action?: Json; Resource?: Json };
      if (statement?.Effect !== 'Allow' || statement.Resource === undefined) return [];
      const actions = [statement.Action].flat().map(String);
      const everything = [statement.Resource].flat().some((resource) => resource === '*');
      return (everything && actions.some((action) => !NO_RESOURCE[action])) ||
        actions.some((action) => /\*/.test(action))
        ? [`${at}: ${actions.join(', ')}`]
        : [];
    });
    expect(wide).toEqual([]);
  });

  test('reads only what an earlier stack writes, and gives what later steps read', () => {
    const stack = plan.stacks.find((each) => each.name === name);
    const written = new Set(
      (stack?.after ?? []).flatMap((other) =>
        resources(other)
          .filter(([, { Type }]) => Type === 'AWS::SSM::Parameter')
          .map(([, { Properties }]) => Properties?.['Name']),
      ),
    );
    for (const [id, parameter] of Object.entries(templates[name]?.Parameters ?? {})) {
      expect(parameter.Default, `${id} has no default`).toBeDefined();
      if (parameter.Type.startsWith('AWS::SSM::')) expect(written, id).toContain(parameter.Default);
    }
    for (const key of Object.keys(stack?.parameters ?? {})) expect(templates[name]?.Parameters).toHaveProperty(key);
    for (const { key } of stack?.outputs ?? []) expect(templates[name]?.Outputs).toHaveProperty(key);
    expect(NAMES.indexOf(name)).toBeGreaterThan(
      Math.max(-1, ...(stack?.after ?? []).map((other) => NAMES.indexOf(other))),
    );
  });

  test('names every parameter it leaves for others in their common folder', () => {
    for (const [, { Type, Properties }] of resources(name))
      if (Type === 'AWS::SSM::Parameter') expect(Properties?.['Name']).toMatch(/^\/Serverlesspresso\/core\/[a-z]+$/);
  });

  test('carries handlers that Lambda can load: CommonJS, asynchronous, with nothing but the SDK from outside', async () => {
    const require = createRequire(import.meta.url);
    for (const [id, { Type, Properties }] of resources(name)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      expect(Properties?.['Handler']).toBe('index.handler');
      expect(Properties?.['Runtime']).toEqual({ Ref: 'LambdaRuntime' });
      const code = (Properties?.['Code'] as { ZipFile: string }).ZipFile;
      const asked: string[] = [];
      const module = { exports: {} as { handler?: { constructor: { name: string } } } };
      const load = (specifier: string) => {
        asked.push(specifier);
        if (specifier.startsWith('node:')) return require(specifier);
        return new Proxy({}, { get: () => class {} });
      };
      vm.runInNewContext(`(function (module, exports, require) {${code}\n})`, {
        process: { env: {} },
        Buffer,
        console,
      })(module, module.exports, load);
      expect(module.exports.handler?.constructor.name, id).toBe('AsyncFunction');
      expect(
        asked.filter((specifier) => !/^(node:|@aws-sdk\/client-)/.test(specifier)),
        id,
      ).toEqual([]);
    }
    expect(templates[name]?.Parameters?.['LambdaRuntime']?.Default ?? plan.runtime).toBe(plan.runtime);
  });
});

describe('all stacks together', () => {
  test('have the fixed names that learners and checks look for', () => {
    const named = (type: string, property: string) =>
      allResources()
        .filter(({ resource }) => resource.Type === type)
        .map(({ resource }) => resource.Properties?.[property]);
    expect(named('AWS::Events::EventBus', 'Name')).toEqual(['Serverlesspresso']);
    expect(named('AWS::Cognito::UserPool', 'UserPoolName')).toEqual(['ServerlesspressoUserPool']);
    expect(named('AWS::DynamoDB::Table', 'TableName').sort()).toEqual(
      ['config', 'counting', 'metrics', 'order', 'validator'].map((name) => `serverlesspresso-${name}-table`),
    );
    expect(named('AWS::Logs::LogGroup', 'LogGroupName')).toContain('/aws/events/serverlesspressoEventBus');
    expect(named('AWS::SQS::Queue', 'QueueName').filter(Boolean).sort()).toEqual(['MetricsQueue', 'MetricsQueueCloudwatch']);
    expect(named('AWS::Events::Rule', 'Name').filter(Boolean).sort()).toEqual([
      'OrderMetrics-Cloudwatch',
      'OrderMetrics-DynamoDB',
    ]);
    expect(named('AWS::CloudWatch::Dashboard', 'DashboardName')).toEqual(['Serverlesspresso_Metrics']);
  });

  test.each([
    ['AWS::Lambda::Function', 'WorkflowStarted'],
    ['AWS::Lambda::Function', 'WaitingCompletion'],
    ['AWS::Lambda::Function', 'GetQRcodeFunction'],
    ['AWS::Lambda::Function', 'VerifyQRcodeFunction'],
    ['AWS::Lambda::Function', 'EventsLoadTest'],
    ['AWS::StepFunctions::StateMachine', 'OrderManagerStateMachine'],
    ['AWS::IAM::Role', '01OrderProcessorRole'],
  ])('let exactly one %s be found by %s', (type, part) => {
    const found = allResources().filter(({ resource, id }) => resource.Type === type && id.includes(part));
    expect(found).toHaveLength(1);
    // CloudFormation keeps the first 24 characters of a logical id when it makes a name.
    expect(part.length).toBeLessThanOrEqual(24);
    expect(found[0]?.id.slice(0, 24)).toContain(part);
  });

  test('answer to nobody but signed-in users, save for the menu', () => {
    const open = allResources()
      .filter(({ resource }) => resource.Type === 'AWS::ApiGatewayV2::Route')
      .filter(({ resource }) => resource.Properties?.['AuthorizationType'] !== 'JWT')
      .map(({ resource }) => resource.Properties?.['RouteKey']);
    expect(open).toEqual(['GET /config']);
  });

  test('let each route, rule and stream reach its function or queue', () => {
    for (const name of NAMES) {
      const permitted = resources(name)
        .filter(([, { Type }]) => Type === 'AWS::Lambda::Permission')
        .map(([, { Properties }]) => JSON.stringify([Properties?.['SourceArn'], Properties?.['FunctionName']]));
      const mayFill = resources(name)
        .filter(([, { Type }]) => Type === 'AWS::SQS::QueuePolicy')
        .flatMap(([, { Properties }]) => (Properties?.['PolicyDocument'] as { Statement: Json[] }).Statement)
        .map((statement) => {
          const { Condition, Resource } = statement as { Condition: { ArnEquals: Json }; Resource: Json };
          return JSON.stringify([(Condition.ArnEquals as Record<string, Json>)['aws:SourceArn'], Resource]);
        });
      for (const [id, { Type, Properties }] of resources(name)) {
        if (Type !== 'AWS::Events::Rule') continue;
        for (const target of Properties?.['Targets'] as { Arn: Json }[])
          expect([...permitted, ...mayFill]).toContain(JSON.stringify([{ 'Fn::GetAtt': [id, 'Arn'] }, target.Arn]));
      }
      const routes = resources(name).filter(([, { Type }]) => Type === 'AWS::ApiGatewayV2::Route');
      for (const [, { Properties }] of routes) {
        const [method, route = ''] = String(Properties?.['RouteKey']).split(' ');
        expect(permitted.join('\n')).toContain(`/*/${method}${route.replace(/\{[^}]*\}/g, '*')}"`);
      }
    }
  });

  test('name a runtime whose end is known', () => {
    expect(plan.runtimes.map(({ name }) => name)).toContain(plan.runtime);
    for (const { blockCreate } of plan.runtimes) expect(blockCreate).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });
});

test('a fault in a template is found and named', async () => {
  const wrong = readTemplate(`
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: { Nam: x, Tags: [{ Key: a, Value: b }] }
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties: { StateMachineType: EXPRES, RoleArn: !GetAtt Role.Arn }
  Log:
    Type: AWS::Logs::LogGroup
    Properties: { LogGroupName: !Sub '\${Stage}-\${Bus.Colour}-\${!kept}' }
  Odd: { Type: AWS::Lambda::Funktion }
`);
  expect(templateFaults(schema, wrong)).toEqual([
    'Bus.Nam does not exist',
    'Bus.Name is required',
    'Machine.StateMachineType is "EXPRES", AWS takes STANDARD, EXPRESS',
    'Odd: AWS::Lambda::Funktion does not exist',
    expect.stringContaining('reads Role, which is not there'),
    expect.stringContaining('refers to Stage, which is not there'),
    expect.stringContaining('AWS::Events::EventBus has no Colour'),
  ]);
  expect(intrinsicOf({ Ref: 'x' })).toBe('Ref');
});
