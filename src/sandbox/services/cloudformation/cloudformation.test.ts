/* One file: every test is a story of one stack, told with the same few helpers. */
import {
  CancelUpdateStackCommand,
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  CreateChangeSetCommand,
  DescribeChangeSetCommand,
  ExecuteChangeSetCommand,
  ListExportsCommand,
  RollbackStackCommand,
  UpdateTerminationProtectionCommand,
  ValidateTemplateCommand,
  CreateStackCommand,
  type CreateStackCommandInput,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, DescribeRuleCommand, DeleteRuleCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, PutRolePolicyCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../index.ts';

interface Bench {
  sandbox: Sandbox;
  cloudformation: CloudFormationClient;
  create(name: string, template: string, more?: Partial<CreateStackCommandInput>): Promise<string>;
  update(name: string, template: string, more?: Partial<CreateStackCommandInput>): Promise<string>;
  remove(name: string): Promise<void>;
  status(name: string): Promise<string>;
  /** `LogicalId STATUS reason`, oldest first. */
  events(name: string): Promise<string[]>;
  resources(name: string): Promise<Record<string, string>>;
}

function bench(work: (bench: Bench) => Promise<void>, options: SandboxOptions = {}): Promise<void> {
  return withSandbox(async (sandbox) => {
    const cloudformation = new CloudFormationClient(clientConfig(sandbox));
    const status = async (name: string): Promise<string> =>
      (await cloudformation.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0]?.StackStatus ?? '';
    await work({
      sandbox,
      cloudformation,
      status,
      async create(name, template, more = {}) {
        const { StackId = '' } = await cloudformation.send(
          new CreateStackCommand({
            StackName: name,
            TemplateBody: template,
            Capabilities: ['CAPABILITY_IAM'],
            ...more,
          }),
        );
        await sandbox.settle();
        return StackId;
      },
      async update(name, template, more = {}) {
        await cloudformation.send(
          new UpdateStackCommand({
            StackName: name,
            TemplateBody: template,
            Capabilities: ['CAPABILITY_IAM'],
            ...more,
          }),
        );
        await sandbox.settle();
        return status(name);
      },
      async remove(name) {
        await cloudformation.send(new DeleteStackCommand({ StackName: name }));
        await sandbox.settle();
      },
      async events(name) {
        const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: name }));
        return StackEvents.reverse().map((event) =>
          [event.LogicalResourceId, event.ResourceStatus, event.ResourceStatusReason ?? ''].join(' ').trim(),
        );
      },
      async resources(name) {
        const { StackResourceSummaries = [] } = await cloudformation.send(
          new ListStackResourcesCommand({ StackName: name }),
        );
        return Object.fromEntries(
          StackResourceSummaries.map((item) => [item.LogicalResourceId ?? '', item.PhysicalResourceId ?? '']),
        );
      },
    });
  }, options);
}

const BUS = `
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: { Name: Coffee }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: { source: [shop] }
  Name:
    Type: AWS::SSM::Parameter
    Properties: { Name: /coffee/bus, Type: String, Value: !GetAtt Bus.Arn }
Outputs:
  Rule: { Value: !Ref Rule }
`;

test('a stack makes its resources in order, shows each step, and takes them away again', () =>
  bench(async ({ sandbox, create, status, events, remove, resources }) => {
    const id = await create('coffee', BUS);
    expect(await status('coffee')).toBe('CREATE_COMPLETE');
    expect(await events('coffee')).toEqual(
      expect.arrayContaining([
        'coffee CREATE_IN_PROGRESS User Initiated',
        'Bus CREATE_IN_PROGRESS',
        'Bus CREATE_IN_PROGRESS Resource creation Initiated',
        'Bus CREATE_COMPLETE',
        'Rule CREATE_COMPLETE',
        'coffee CREATE_COMPLETE',
      ]),
    );
    const shown = await events('coffee');
    expect(shown.indexOf('Bus CREATE_COMPLETE')).toBeLessThan(shown.indexOf('Rule CREATE_IN_PROGRESS'));
    const { Rule = '' } = await resources('coffee');
    expect(Rule).toMatch(/^Coffee\|coffee-Rule-[A-Za-z0-9]{12}$/);
    const ssm = new SSMClient(clientConfig(sandbox));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/coffee/bus' }));
    expect(Parameter?.Value).toBe('arn:aws:events:us-east-1:123456789012:event-bus/Coffee');
    await remove('coffee');
    expect(await status(id)).toBe('DELETE_COMPLETE');
    await expect(status('coffee')).rejects.toThrow('Stack with id coffee does not exist');
    await expect(ssm.send(new GetParameterCommand({ Name: '/coffee/bus' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  }));

test('a failure undoes everything, names the first cause and leaves what belongs to others alone', () =>
  bench(async ({ sandbox, create, status, events, cloudformation }) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    await ssm.send(new PutParameterCommand({ Name: '/taken', Type: 'String', Value: 'mine' }));
    const template = `
Resources:
  First: { Type: AWS::SSM::Parameter, Properties: { Name: /first, Type: String, Value: a } }
  Taken: { Type: AWS::SSM::Parameter, DependsOn: First, Properties: { Name: /taken, Type: String, Value: b } }
  After: { Type: AWS::SSM::Parameter, DependsOn: Taken, Properties: { Name: /after, Type: String, Value: c } }
`;
    await create('late', template);
    expect(await status('late')).toBe('ROLLBACK_COMPLETE');
    const shown = (await events('late')).join('\n');
    expect(shown).toMatch(
      /Taken CREATE_FAILED Resource handler returned message: "Resource of type 'AWS::SSM::Parameter' with identifier '\{"\/properties\/Name":"\/taken"\}' already exists." \(RequestToken: [-0-9a-f]{36}, HandlerErrorCode: AlreadyExists\)/,
    );
    expect(shown).toContain(
      'late ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Taken]. Rollback requested by user.',
    );
    expect(shown).toContain('First DELETE_COMPLETE');
    expect(shown).not.toContain('After ');
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/taken' }));
    expect(Parameter?.Value).toBe('mine');
    await expect(
      cloudformation.send(new UpdateStackCommand({ StackName: 'late', TemplateBody: template })),
    ).rejects.toThrow('is in ROLLBACK_COMPLETE state and can not be updated.');
    await expect(create('late', template)).rejects.toMatchObject({ name: 'AlreadyExistsException' });
  }));

test('a name that another stack has is told with that stack', () =>
  bench(async ({ create, events }) => {
    const id = await create('one', BUS);
    await create('two', BUS);
    expect((await events('two')).join('\n')).toContain(`Bus CREATE_FAILED Coffee already exists in stack ${id}`);
  }));

test('an update changes in place, replaces, adds and removes, and cleans up afterwards', () =>
  bench(async ({ sandbox, create, update, events, resources, cloudformation }) => {
    const template = (pattern: string, parts: string) => `
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: Coffee } }
  Rule: { Type: AWS::Events::Rule, Properties: { EventBusName: !Ref Bus, EventPattern: { source: [${pattern}] } } }
  Shown: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref Rule } }
${parts}`;
    const old = '  Old: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: x } }';
    await create('coffee', template('shop', old));
    const before = await resources('coffee');
    await expect(
      cloudformation.send(new UpdateStackCommand({ StackName: 'coffee', TemplateBody: template('shop', old) })),
    ).rejects.toThrow('No updates are to be performed.');

    const added = '  New: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: y } }';
    expect(await update('coffee', template('bar', added))).toBe('UPDATE_COMPLETE');
    const after = await resources('coffee');
    expect(after['Rule']).toBe(before['Rule']);
    expect(Object.keys(after).sort()).toEqual(['Bus', 'New', 'Rule', 'Shown']);
    const bridge = new EventBridgeClient(clientConfig(sandbox));
    const Name = after['Rule']?.split('|')[1];
    const rule = await bridge.send(new DescribeRuleCommand({ Name, EventBusName: 'Coffee' }));
    expect(JSON.parse(rule.EventPattern ?? '')).toEqual({ source: ['bar'] });

    // A rule that gets a name of its own is a new one; what refers to it follows, and the old one goes.
    const named = template('bar', added).replace('EventPattern', 'Name: chosen, EventPattern');
    expect(await update('coffee', named)).toBe('UPDATE_COMPLETE');
    expect((await resources('coffee'))['Rule']).toBe('Coffee|chosen');
    const value = await new SSMClient(clientConfig(sandbox)).send(
      new GetParameterCommand({ Name: after['Shown'] ?? '' }),
    );
    expect(value.Parameter?.Value).toBe('Coffee|chosen');
    await expect(bridge.send(new DescribeRuleCommand({ Name, EventBusName: 'Coffee' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const shown = await events('coffee');
    const cleanup = shown.indexOf('coffee UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    expect(cleanup).toBeGreaterThan(0);
    expect(shown.indexOf('Old DELETE_COMPLETE')).toBeGreaterThan(cleanup);
    expect(shown).toContain(
      'Rule UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.',
    );
    expect(shown.lastIndexOf('Rule DELETE_COMPLETE')).toBeGreaterThan(shown.lastIndexOf('Rule UPDATE_COMPLETE'));
  }));

test('a failed update goes back to what was: values, old resources, and nothing new left behind', () =>
  bench(async ({ sandbox, create, update, events, resources }) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    await ssm.send(new PutParameterCommand({ Name: '/taken', Type: 'String', Value: 'mine' }));
    const template = (value: string, more: string) => `
Resources:
  Value: { Type: AWS::SSM::Parameter, Properties: { Name: /value, Type: String, Value: ${value} } }
  Moved: { Type: AWS::SSM::Parameter, Properties: { Name: /moved/${value}, Type: String, Value: x } }
${more}`;
    await create('coffee', template('a', ''));
    const before = await resources('coffee');
    const more = `
  Added: { Type: AWS::SSM::Parameter, Properties: { Name: /added, Type: String, Value: x } }
  Taken: { Type: AWS::SSM::Parameter, DependsOn: [Value, Moved, Added], Properties: { Name: /taken, Type: String, Value: b } }`;
    expect(await update('coffee', template('b', more))).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await resources('coffee')).toEqual(before);
    expect((await ssm.send(new GetParameterCommand({ Name: '/value' }))).Parameter?.Value).toBe('a');
    expect((await ssm.send(new GetParameterCommand({ Name: '/moved/a' }))).Parameter?.Value).toBe('x');
    for (const Name of ['/moved/b', '/added'])
      await expect(ssm.send(new GetParameterCommand({ Name }))).rejects.toMatchObject({ name: 'ParameterNotFound' });
    expect((await ssm.send(new GetParameterCommand({ Name: '/taken' }))).Parameter?.Value).toBe('mine');
    const shown = await events('coffee');
    expect(shown).toContain('coffee UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Taken].');
    expect(shown).toContain('coffee UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    // And the next update works as if nothing had been.
    expect(await update('coffee', template('c', ''))).toBe('UPDATE_COMPLETE');
  }));

test('a custom-named resource that would have to be replaced is refused as AWS refuses it', () =>
  bench(async ({ create, update, events }) => {
    const table = (key: string) => `
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: ${key}, AttributeType: S }]
      KeySchema: [{ AttributeName: ${key}, KeyType: HASH }]
`;
    await create('tables', table('PK'));
    expect(await update('tables', table('ID'))).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await events('tables')).join('\n')).toContain(
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename orders and update the stack again.',
    );
  }));

test('functions, conditions, mappings and parameters come out as on AWS', () =>
  bench(async ({ sandbox, create, cloudformation }) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    await ssm.send(new PutParameterCommand({ Name: '/shop/name', Type: 'String', Value: 'Bar' }));
    await create(
      'all',
      `
Parameters:
  Size: { Type: Number, Default: 2, MinValue: 1 }
  Names: { Type: CommaDelimitedList, Default: 'a,b , c' }
  Shop: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/name }
  Secret: { Type: String, Default: hush, NoEcho: true }
Mappings:
  Cups: { us-east-1: { size: large } }
Conditions:
  Big: !Equals [!Ref Size, 2]
  Small: !Not [!Condition Big]
  Both: !And [!Condition Big, !Or [!Condition Small, !Condition Big]]
Resources:
  Handle: { Type: AWS::CloudFormation::WaitConditionHandle }
  Never: { Type: AWS::CloudFormation::WaitConditionHandle, Condition: Small }
Outputs:
  Join: { Value: !Join ['-', !Ref Names] }
  Select: { Value: !Select [1, !Split [':', 'x:y:z']] }
  Sub: { Value: !Sub '\${AWS::Region} \${Shop} \${!Kept} \${AWS::StackName}' }
  SubWith: { Value: !Sub ['\${cup} \${Size}', { cup: !FindInMap [Cups, !Ref AWS::Region, size] }] }
  If: { Value: !If [Both, yes, no] }
  Base64: { Value: !Base64 espresso }
  Zone: { Value: !Select [0, !GetAZs ''] }
  Dynamic: { Value: !Ref Handle, Condition: Small }
  Shown: { Value: !Ref Shop, Export: { Name: !Sub '\${AWS::StackName}-shop' } }
`,
    );
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'all' }));
    expect(
      Object.fromEntries(Stacks[0]?.Outputs?.map((output) => [output.OutputKey, output.OutputValue]) ?? []),
    ).toEqual({
      Join: 'a-b-c',
      Select: 'y',
      Sub: 'us-east-1 Bar ${Kept} all',
      SubWith: 'large 2',
      If: 'yes',
      Base64: 'ZXNwcmVzc28=',
      Zone: 'us-east-1a',
      Shown: 'Bar',
    });
    expect(Stacks[0]?.Parameters).toEqual(
      expect.arrayContaining([
        { ParameterKey: 'Shop', ParameterValue: '/shop/name', ResolvedValue: 'Bar' },
        { ParameterKey: 'Secret', ParameterValue: '****' },
      ]),
    );
    await create(
      'user',
      'Resources: { P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !ImportValue all-shop } } }',
    );
    await cloudformation.send(new DeleteStackCommand({ StackName: 'all' }));
    await sandbox.settle();
    const kept = await cloudformation.send(new DescribeStacksCommand({ StackName: 'all' }));
    expect(kept.Stacks?.[0]).toMatchObject({
      StackStatus: 'DELETE_FAILED',
      StackStatusReason: 'Delete canceled. Cannot delete export all-shop as it is in use by user.',
    });
    expect((await cloudformation.send(new ListExportsCommand({}))).Exports).toMatchObject([
      { Name: 'all-shop', Value: 'Bar' },
    ]);
  }));

test('a template that AWS refuses is refused with its words, and nothing is begun', () =>
  bench(async ({ cloudformation }) => {
    const parameter = (value: string) =>
      `Resources: { P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: ${value} } } }`;
    const wrong: [string, string][] = [
      ['Resources: {', 'Template format error: YAML not well-formed.'],
      ['{"Resources": }', 'Template format error: JSON not well-formed. (line 1, column 15)'],
      ['just text', 'Template format error: unsupported structure.'],
      ['Description: x', 'Template format error: At least one Resources member must be defined.'],
      [
        'Resources: { A: { Properties: {} } }',
        'Template format error: [/Resources/A] Every Resources object must contain a Type member.',
      ],
      [
        'Resources: { A: { Type: "AWS::S3::Bucket" } }',
        'Template format error: Unrecognized resource types: [AWS::S3::Bucket]',
      ],
      [
        'Resources: { my-a: { Type: "AWS::SSM::Parameter" } }',
        'Template format error: Resource name my-a is non alphanumeric.',
      ],
      [
        parameter('!Ref Nowhere'),
        'Template format error: Unresolved resource dependencies [Nowhere] in the Resources block of the template',
      ],
      [
        parameter('!GetAtt Nowhere.Arn'),
        'Template error: instance of Fn::GetAtt references undefined resource Nowhere',
      ],
      [
        parameter('!Sub "${Nowhere}"'),
        'Template format error: Unresolved resource dependencies [Nowhere] in the Resources block of the template',
      ],
      [parameter('!Ref P'), 'Circular dependency between resources: [P]'],
      [
        'Resources: { A: { Type: "AWS::CloudFormation::WaitConditionHandle", DependsOn: B }, B: { Type: "AWS::CloudFormation::WaitConditionHandle", DependsOn: A }, C: { Type: "AWS::CloudFormation::WaitConditionHandle", DependsOn: A } }',
        'Circular dependency between resources: [A, B]',
      ],
      [
        'Resources: { A: { Type: "AWS::SSM::Parameter", Condition: No } }',
        'Template format error: Unresolved condition dependency No in the Resources block of the template',
      ],
      [
        'Transform: AWS::Serverless-2016-10-31\nResources: { A: { Type: "AWS::SSM::Parameter" } }',
        'No transform named AWS::Serverless-2016-10-31 found.',
      ],
      [`${'x'.repeat(51_201)}`, 'Member must have length less than or equal to 51200'],
      [parameter('&a x'), ''],
      // What is wrong with a function, whatever the parameters will be: such a stack was begun, and left in ROLLBACK_COMPLETE.
      [parameter('!Join [a]'), 'Template error: every Fn::Join object requires two parameters, (1) a string delimiter'],
      [parameter('{ Fn::Length: [a] }'), 'Template error: Encountered unsupported function: Fn::Length'],
      [parameter('!GetAtt P'), 'Template error: every Fn::GetAtt object requires two non-empty parameters'],
      [
        parameter('!FindInMap [Sizes, !Ref AWS::Region, Menu]'),
        "Template error: Mapping named 'Sizes' is not present in the 'Mappings' section of template.",
      ],
      [
        `Conditions: { C: !Equals [a] }\n${parameter('x')}`,
        'Template error: Fn::Equals requires a list argument with two elements',
      ],
      [
        'Resources: { A: { Type: "AWS::SSM::Parameter", Properties: } }',
        "Template format error: [/Resources/A/Properties] 'null' values are not allowed in templates",
      ],
      [`Parameters: { N: { Type: Number } }\n${parameter('!Select [!Ref N, !Split [",", !Ref N]]')}`, ''],
      [
        'Resources: { A: &a { Type: "AWS::SSM::Parameter" }, B: *a }',
        'Template error: YAML aliases are not allowed in CloudFormation templates',
      ],
    ];
    for (const [TemplateBody, message] of wrong) {
      const answer = cloudformation.send(new ValidateTemplateCommand({ TemplateBody }));
      if (message === '') await answer;
      else await expect(answer, TemplateBody.slice(0, 80)).rejects.toThrow(message);
    }
    const attempts: [CreateStackCommandInput, string][] = [
      [
        { StackName: '1st', TemplateBody: BUS },
        'Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*',
      ],
      [
        { StackName: 'a', TemplateBody: BUS, Parameters: [{ ParameterKey: 'Nope', ParameterValue: 'x' }] },
        'Parameters: [Nope] do not exist in the template',
      ],
      [
        { StackName: 'a', TemplateBody: `Parameters: { Must: { Type: String } }\n${parameter('x')}` },
        'Parameters: [Must] must have values',
      ],
      [
        {
          StackName: 'a',
          TemplateBody: `Parameters: { Shop: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /none } }\n${parameter('x')}`,
        },
        'Unable to fetch parameters [/none] from parameter store for this account.',
      ],
      [
        {
          StackName: 'a',
          TemplateBody: `Mappings: { Sizes: { small: { Menu: 1 } } }\n${parameter('!FindInMap [Sizes, !Ref AWS::Region, Menu]')}`,
        },
        'Template error: Unable to get mapping for Sizes::us-east-1::Menu',
      ],
      [
        {
          StackName: 'a',
          TemplateBody: `Conditions: { No: !Equals [a, b] }\n${parameter('!Ref Left')}\n`.replace(
            'Resources: {',
            'Resources: { Left: { Type: "AWS::SSM::Parameter", Condition: No },',
          ),
        },
        'Template format error: Unresolved resource dependencies [Left] in the Resources block of the template',
      ],
      [
        {
          StackName: 'a',
          TemplateBody: `Parameters: { Zones: { Type: CommaDelimitedList, Default: 'a,b' } }\n${parameter("!Sub '${Zones}'")}`,
        },
        'Template error: variable Zones in Fn::Sub expression does not resolve to a string',
      ],
      [
        { StackName: 'a', TemplateBody: `${parameter('x')}\nOutputs: { O: { Value: [a, b] } }` },
        'Template format error: The Value field of every Outputs member must evaluate to a String.',
      ],
      [{ StackName: 'a', TemplateURL: 'https://example.com/t.yaml' }, 'The sandbox does not carry TemplateURL.'],
    ];
    for (const [input, message] of attempts)
      await expect(cloudformation.send(new CreateStackCommand(input)), message).rejects.toThrow(message);
    const role = 'Resources: { R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } } }';
    await expect(
      cloudformation.send(new CreateStackCommand({ StackName: 'a', TemplateBody: role })),
    ).rejects.toMatchObject({
      name: 'InsufficientCapabilitiesException',
      message: 'Requires capabilities : [CAPABILITY_IAM]',
    });
    expect((await cloudformation.send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
  }));

test('a missing export fails the stack before any resource; an update goes back, and a change set says it', () =>
  bench(async ({ cloudformation, create, update, events, status }) => {
    const parameter = (value: string) =>
      `Resources: { P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: ${value} } } }`;
    const importing = parameter('!ImportValue nowhere');
    await create('first', importing);
    expect((await events('first')).filter((line) => !line.startsWith('first'))).toEqual([]);
    expect(await events('first')).toContain(
      'first ROLLBACK_IN_PROGRESS No export named nowhere found. Rollback requested by user.',
    );
    await create('second', parameter('x'));
    expect(await update('second', importing)).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await events('second')).toContain('second UPDATE_ROLLBACK_IN_PROGRESS No export named nowhere found.');
    const { Id: ChangeSetName } = await cloudformation.send(
      new CreateChangeSetCommand({ StackName: 'second', ChangeSetName: 'c', TemplateBody: importing }),
    );
    await expect
      .poll(() => cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName })))
      .toMatchObject({ Status: 'FAILED', StatusReason: 'No export named nowhere found.' });
    expect(await status('second')).toBe('UPDATE_ROLLBACK_COMPLETE');
  }));

test('an export in use can neither be taken away nor changed by an update', () =>
  bench(async ({ create, update, events }) => {
    const parameter = (value: string) =>
      `Resources: { P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: ${value} } } }`;
    const exporting = (value: string, name: string) =>
      `${parameter('x')}\nOutputs: { O: { Value: ${value}, Export: { Name: ${name} } } }`;
    await create('giver', exporting('one', 'given'));
    await create('taker', parameter('!ImportValue given'));
    expect(await update('giver', exporting('two', 'given'))).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await update('giver', exporting('one', 'other'))).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await events('giver')).filter((line) => /canceled/.test(line))).toEqual([
      'giver UPDATE_ROLLBACK_IN_PROGRESS Update canceled. Cannot update export given as it is in use by taker.',
      'giver UPDATE_ROLLBACK_IN_PROGRESS Delete canceled. Cannot delete export given as it is in use by taker.',
    ]);
    expect(await update('taker', parameter('x'))).toBe('UPDATE_COMPLETE');
    expect(await update('giver', exporting('two', 'given'))).toBe('UPDATE_COMPLETE');
  }));

test('properties that a type does not know, lacks or has in another form fail the resource', () =>
  bench(async ({ create, events, status }) => {
    await create(
      'wrong',
      'Resources: { B: { Type: AWS::Events::EventBus, Properties: { Nmae: x, Description: { a: 1 } } } }',
    );
    expect(await status('wrong')).toBe('ROLLBACK_COMPLETE');
    expect((await events('wrong')).join('\n')).toContain(
      'B CREATE_FAILED Properties validation failed for resource B with message:\n#: required key [Name] not found\n#: extraneous key [Nmae] is not permitted\n#/Description: expected type: String, found: JSONObject',
    );
  }));

test('deleting something that is in the way fails with its reason, and goes on once it is gone', () =>
  bench(async ({ sandbox, create, status, events, remove, cloudformation }) => {
    await create('coffee', BUS);
    const bridge = new EventBridgeClient(clientConfig(sandbox));
    await bridge.send(
      new PutRuleCommand({ Name: 'by-hand', EventBusName: 'Coffee', EventPattern: '{"source":["x"]}' }),
    );
    await remove('coffee');
    expect(await status('coffee')).toBe('DELETE_FAILED');
    const shown = (await events('coffee')).join('\n');
    expect(shown).toMatch(
      /Bus DELETE_FAILED Resource handler returned message: ".*Service: EventBridge, Status Code: 400/,
    );
    expect(shown).toContain('coffee DELETE_FAILED The following resource(s) failed to delete: [Bus].');
    await expect(
      cloudformation.send(new DeleteStackCommand({ StackName: 'coffee', RetainResources: ['Rule'] })),
    ).rejects.toThrow('Rule');
    await bridge.send(new DeleteRuleCommand({ Name: 'by-hand', EventBusName: 'Coffee' }));
    await remove('coffee');
    await expect(status('coffee')).rejects.toThrow('does not exist');
  }));

test('what was deleted behind its back counts as deleted; a change to it fails', () =>
  bench(async ({ sandbox, create, update, events, remove, status, resources }) => {
    const id = await create('coffee', BUS);
    const bridge = new EventBridgeClient(clientConfig(sandbox));
    const name = (await resources('coffee'))['Rule']?.split('|')[1];
    await bridge.send(new DeleteRuleCommand({ Name: name, EventBusName: 'Coffee' }));
    expect(await update('coffee', BUS.replace('[shop]', '[bar]'))).toBe('UPDATE_ROLLBACK_FAILED');
    expect((await events('coffee')).join('\n')).toMatch(/Rule UPDATE_FAILED .*HandlerErrorCode: NotFound/);
    await remove('coffee');
    expect(await status(id)).toBe('DELETE_COMPLETE');
  }));

test('a retained resource stays, and the event says that it was skipped', () =>
  bench(async ({ sandbox, create, remove, events }) => {
    const id = await create(
      'kept',
      'Resources: { P: { Type: AWS::SSM::Parameter, DeletionPolicy: Retain, Properties: { Name: /kept, Type: String, Value: x } } }',
    );
    await remove('kept');
    expect(await events(id)).toContain('P DELETE_SKIPPED');
    const { Parameter } = await new SSMClient(clientConfig(sandbox)).send(new GetParameterCommand({ Name: '/kept' }));
    expect(Parameter?.Value).toBe('x');
  }));

test('a change set says what it would do, does it when executed, and says when there is nothing to do', () =>
  bench(async ({ sandbox, cloudformation, status, update }) => {
    const make = async (name: string, TemplateBody: string, ChangeSetType: 'CREATE' | 'UPDATE') => {
      await cloudformation.send(
        new CreateChangeSetCommand({ StackName: 'coffee', ChangeSetName: name, TemplateBody, ChangeSetType }),
      );
      await sandbox.settle();
      return cloudformation.send(new DescribeChangeSetCommand({ StackName: 'coffee', ChangeSetName: name }));
    };
    const first = await make('first', BUS, 'CREATE');
    expect(await status('coffee')).toBe('REVIEW_IN_PROGRESS');
    expect(first).toMatchObject({ Status: 'CREATE_COMPLETE', ExecutionStatus: 'AVAILABLE' });
    expect(first.Changes?.map((change) => change.ResourceChange?.Action)).toEqual(['Add', 'Add', 'Add']);
    await cloudformation.send(new ExecuteChangeSetCommand({ StackName: 'coffee', ChangeSetName: 'first' }));
    await sandbox.settle();
    expect(await status('coffee')).toBe('CREATE_COMPLETE');

    const same = await make('same', BUS, 'UPDATE');
    expect(same).toMatchObject({ Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE' });
    expect(same.StatusReason).toContain("didn't contain changes");

    const next = await make(
      'next',
      BUS.replace('Name: Coffee', 'Name: Tea').replace('/coffee/bus', '/tea/bus'),
      'UPDATE',
    );
    const changes = Object.fromEntries(next.Changes?.map(({ ResourceChange: c }) => [c?.LogicalResourceId, c]) ?? []);
    expect(changes['Bus']).toMatchObject({
      Action: 'Modify',
      Replacement: 'True',
      PolicyAction: 'ReplaceAndDelete',
      Scope: ['Properties'],
      Details: [
        {
          Target: { Name: 'Name', RequiresRecreation: 'Always' },
          Evaluation: 'Static',
          ChangeSource: 'DirectModification',
        },
      ],
    });
    expect(changes['Rule']).toMatchObject({
      Replacement: 'Conditional',
      Details: [
        {
          Target: { Name: 'EventBusName' },
          Evaluation: 'Dynamic',
          ChangeSource: 'ResourceReference',
          CausingEntity: 'Bus',
        },
      ],
    });
    expect(changes['Name']?.Details).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Evaluation: 'Dynamic', ChangeSource: 'ResourceAttribute', CausingEntity: 'Bus.Arn' }),
      ]),
    );
    expect(await update('coffee', BUS.replace('[shop]', '[x]'))).toBe('UPDATE_COMPLETE');
  }));

test('a role that may not do it fails the resource with the reason; with the right it works', () =>
  bench(async ({ sandbox, create, status, events }) => {
    const iam = new IAMClient(clientConfig(sandbox));
    const trust = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'cloudformation.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    };
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName: 'deployer', AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    const template =
      'Resources: { P: { Type: AWS::SSM::Parameter, Properties: { Name: /p, Type: String, Value: x } } }';
    await create('denied', template, { RoleARN: Role?.Arn ?? '' });
    expect(await status('denied')).toBe('ROLLBACK_COMPLETE');
    expect((await events('denied')).join('\n')).toMatch(
      /P CREATE_FAILED .*assumed-role\/deployer\/AWSCloudFormation is not authorized to perform: ssm:PutParameter.*HandlerErrorCode: AccessDenied/,
    );
    const allow = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'ssm:*', Resource: '*' }] };
    await iam.send(
      new PutRolePolicyCommand({ RoleName: 'deployer', PolicyName: 'ssm', PolicyDocument: JSON.stringify(allow) }),
    );
    await create('allowed', template, { RoleARN: Role?.Arn ?? '' });
    expect(await status('allowed')).toBe('CREATE_COMPLETE');
  }));

test('rollback can be left off, asked for later, or given up by deleting', () =>
  bench(async ({ sandbox, create, status, cloudformation }) => {
    const template = (name: string) => `
Resources:
  Good: { Type: AWS::SSM::Parameter, Properties: { Name: /good, Type: String, Value: a } }
  Bad: { Type: AWS::Events::Rule, DependsOn: Good, Properties: { EventBusName: ${name}, EventPattern: { source: [x] } } }
`;
    await create('half', template('none'), { DisableRollback: true });
    expect(await status('half')).toBe('CREATE_FAILED');
    const ssm = new SSMClient(clientConfig(sandbox));
    expect((await ssm.send(new GetParameterCommand({ Name: '/good' }))).Parameter?.Value).toBe('a');
    await cloudformation.send(new RollbackStackCommand({ StackName: 'half' }));
    await sandbox.settle();
    expect(await status('half')).toBe('ROLLBACK_COMPLETE');
    const id = await create('gone', template('none'), { OnFailure: 'DELETE' });
    expect(await status(id)).toBe('DELETE_COMPLETE');
  }));

test('the stack tags reach what it makes; protection and the same token hold', () =>
  bench(async ({ sandbox, create, cloudformation }) => {
    const iam = new IAMClient(clientConfig(sandbox));
    const template = `
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }] }
      Tags: [{ Key: own, Value: mine }]
Outputs: { Role: { Value: !Ref R } }
`;
    const more = {
      Tags: [{ Key: 'presso:workshop', Value: 'serverlesspresso' }],
      ClientRequestToken: 'once',
      EnableTerminationProtection: true,
    };
    const id = await create('tagged', template, more);
    expect(await create('tagged', template, more)).toBe(id);
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'tagged' }));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: Stacks[0]?.Outputs?.[0]?.OutputValue ?? '' }));
    expect(Role?.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'own', Value: 'mine' },
        { Key: 'presso:workshop', Value: 'serverlesspresso' },
      ]),
    );
    await expect(cloudformation.send(new DeleteStackCommand({ StackName: 'tagged' }))).rejects.toThrow(
      'Stack [tagged] cannot be deleted while TerminationProtection is enabled',
    );
    await cloudformation.send(
      new UpdateTerminationProtectionCommand({ StackName: 'tagged', EnableTerminationProtection: false }),
    );
    await cloudformation.send(new DeleteStackCommand({ StackName: 'tagged' }));
    await sandbox.settle();
  }));

const SHOP = (code: string, more: { timeout?: number; state?: string; index?: string; retention?: number } = {}) => `
Resources:
  Logs: { Type: AWS::Logs::LogGroup, Properties: { RetentionInDays: ${more.retention ?? 7} } }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: [lambda.amazonaws.com, states.amazonaws.com] }, Action: sts:AssumeRole }] }
      Policies: [{ PolicyName: Write, PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: !GetAtt Logs.Arn }] } }]
  Make:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: ${more.timeout ?? 5}
      LoggingConfig: { LogGroup: !Ref Logs }
      Environment: { Variables: { SIZE: 2 } }
      Code: { ZipFile: "${code}" }
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }, { AttributeName: STATE, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
      GlobalSecondaryIndexes: [{ IndexName: ${more.index ?? 'byState'}, KeySchema: [{ AttributeName: STATE, KeyType: HASH }], Projection: { ProjectionType: ALL } }]
  Flow:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      Definition: { StartAt: Only, States: { Only: { Type: Pass, Result: '\${Result}', End: true } } }
      DefinitionSubstitutions: { Result: ${more.state ?? 'first'} }
Outputs:
  Function: { Value: !Ref Make }
  Table: { Value: !Ref Orders }
  Stream: { Value: !GetAtt Orders.StreamArn }
  Flow: { Value: !Ref Flow }
`;

test('functions, tables and workflows change in place, and what runs is what the template says', () =>
  bench(async ({ sandbox, create, update, events, cloudformation, resources }) => {
    const config = clientConfig(sandbox);
    await create('shop', SHOP("exports.handler = async () => 'one ' + process.env.SIZE"));
    const before = await resources('shop');
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'shop' }));
    const output = (key: string) => Stacks[0]?.Outputs?.find((found) => found.OutputKey === key)?.OutputValue ?? '';
    expect(output('Stream')).toMatch(/^arn:aws:dynamodb:us-east-1:123456789012:table\/shop-Orders-[^/]+\/stream\//);
    const lambda = new LambdaClient(config);
    const answer = async () => {
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: output('Function') }));
      return JSON.parse(Buffer.from(Payload ?? []).toString());
    };
    expect(await answer()).toBe('one 2');
    const changed = SHOP("exports.handler = async () => 'two'", {
      timeout: 9,
      state: 'second',
      index: 'byOther',
      retention: 30,
    });
    expect(await update('shop', changed)).toBe('UPDATE_COMPLETE');
    expect(await answer()).toBe('two');
    const { Timeout } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: output('Function') }));
    expect(Timeout).toBe(9);
    const { Table } = await new DynamoDBClient(config).send(new DescribeTableCommand({ TableName: output('Table') }));
    expect(Table?.GlobalSecondaryIndexes?.map((index) => index.IndexName)).toEqual(['byOther']);
    const { definition = '' } = await new SFNClient(config).send(
      new DescribeStateMachineCommand({ stateMachineArn: output('Flow') }),
    );
    expect(JSON.parse(definition).States.Only.Result).toBe('second');
    expect(await resources('shop')).toEqual(before);
    const shown = await events('shop');
    for (const id of ['Make', 'Orders', 'Flow', 'Logs']) expect(shown).toContain(`${id} UPDATE_COMPLETE`);
    expect(shown).not.toContain('Role UPDATE_COMPLETE');
  }));

test('an update that cannot even go back is continued once the way is free, or with the resource skipped', () =>
  bench(async ({ sandbox, create, update, status, cloudformation, resources }) => {
    const bridge = new EventBridgeClient(clientConfig(sandbox));
    const template = (pattern: string, more = '') => `
Resources:
  Rule: { Type: AWS::Events::Rule, Properties: { Name: orders, EventPattern: { source: [${pattern}] } } }
${more}`;
    await create('coffee', template('shop'));
    await bridge.send(new DeleteRuleCommand({ Name: 'orders' }));
    expect(await update('coffee', template('bar'))).toBe('UPDATE_ROLLBACK_FAILED');
    await expect(
      cloudformation.send(new UpdateStackCommand({ StackName: 'coffee', TemplateBody: template('x') })),
    ).rejects.toThrow('is in UPDATE_ROLLBACK_FAILED state and can not be updated.');
    await bridge.send(new PutRuleCommand({ Name: 'orders', EventPattern: '{"source":["shop"]}' }));
    await cloudformation.send(new ContinueUpdateRollbackCommand({ StackName: 'coffee' }));
    await sandbox.settle();
    expect(await status('coffee')).toBe('UPDATE_ROLLBACK_COMPLETE');

    await bridge.send(new DeleteRuleCommand({ Name: 'orders' }));
    expect(await update('coffee', template('bar'))).toBe('UPDATE_ROLLBACK_FAILED');
    await cloudformation.send(new ContinueUpdateRollbackCommand({ StackName: 'coffee', ResourcesToSkip: ['Rule'] }));
    await sandbox.settle();
    expect(await status('coffee')).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await resources('coffee')).toEqual({ Rule: 'orders' });
  }));

test('an update can be cancelled while it runs, and lists come in pages', () =>
  bench(
    async ({ sandbox, create, status, cloudformation }) => {
      const many = (value: string) => {
        const parts = Array.from(
          { length: 40 },
          (_, i) =>
            `  P${i}: { Type: AWS::SSM::Parameter, ${i > 0 ? `DependsOn: P${i - 1}, ` : ''}Properties: { Name: /many/${i}, Type: String, Value: ${value} } }`,
        );
        return `Resources:\n${parts.join('\n')}`;
      };
      await create('many', many('a'));
      await cloudformation.send(new UpdateStackCommand({ StackName: 'many', TemplateBody: many('b') }));
      await cloudformation.send(new CancelUpdateStackCommand({ StackName: 'many' }));
      await sandbox.settle();
      expect(await status('many')).toBe('UPDATE_ROLLBACK_COMPLETE');
      const ssm = new SSMClient(clientConfig(sandbox));
      expect((await ssm.send(new GetParameterCommand({ Name: '/many/0' }))).Parameter?.Value).toBe('a');
      const first = await cloudformation.send(new DescribeStackEventsCommand({ StackName: 'many' }));
      expect(first.StackEvents).toHaveLength(100);
      const second = await cloudformation.send(
        new DescribeStackEventsCommand({ StackName: 'many', NextToken: first.NextToken }),
      );
      const ids = [...(first.StackEvents ?? []), ...(second.StackEvents ?? [])].map((event) => event.EventId);
      expect(new Set(ids).size).toBe(ids.length);
    },
    { pace: 2 },
  ));
