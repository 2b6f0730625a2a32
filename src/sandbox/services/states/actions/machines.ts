/** State machines: made, changed, listed, taken away; definitions judged. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, must, page, readMembers, text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import { driverOf } from '../driver.ts';
import {
  TYPES,
  checkDefinition,
  checkEncryption,
  checkRole,
  encryption,
  findingsOf,
  logging,
  loggingOf,
  onMachine,
  passRole,
  refuseVersions,
  tracing,
} from '../machine-checks.ts';
import {
  checkName,
  executionDoesNotExist,
  executionKey,
  endsOf,
  definitionsOf,
  type MachineRecord,
  machineArn,
  machineOrThrow,
  machinesOf,
  readArn,
} from '../records.ts';
import { readTags, tagList } from './tags.ts';

const createShape = {
  name: must.text(),
  definition: must.text({ min: 1, max: 1_048_576 }),
  roleArn: must.text({ min: 1, max: 256 }),
  type: text({ oneOf: TYPES }),
  loggingConfiguration: logging,
  tracingConfiguration: tracing,
  tags: tagList,
  publish: boolean(),
  versionDescription: text({ max: 256 }),
  encryptionConfiguration: encryption,
};

const createStateMachine: Action = {
  permissions: (input, context) => [
    { action: 'states:CreateStateMachine', resource: machineArn(context, String(input['name'] ?? '*')) },
    ...passRole(input),
  ],
  async run(input, context) {
    const given = readMembers(input, createShape);
    refuseVersions(given);
    checkEncryption(given.encryptionConfiguration);
    const name = checkName(given.name);
    const type = given.type ?? 'STANDARD';
    checkDefinition(given.definition, type);
    const wanted = {
      type,
      definition: given.definition,
      roleArn: given.roleArn,
      loggingConfiguration: loggingOf(given.loggingConfiguration),
      tracingConfiguration: { enabled: given.tracingConfiguration?.enabled ?? false },
    };
    const tags = readTags(given.tags);
    await checkRole(context, given.roleArn);
    const arn = machineArn(context, name);
    const before = machinesOf(context).get(name);
    if (before?.status === 'DELETING')
      throw new ServiceError('StateMachineDeleting', `State Machine is being deleted: '${arn}'`);
    if (before) {
      const same = (Object.keys(wanted) as (keyof typeof wanted)[]).every(
        (member) => JSON.stringify(before[member]) === JSON.stringify(wanted[member]),
      );
      if (!same) throw new ServiceError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
      return { stateMachineArn: arn, creationDate: new Date(before.created) };
    }
    const record: MachineRecord = { name, arn, ...wanted, status: 'ACTIVE', created: context.now(), tags };
    machinesOf(context).put(name, record);
    return { stateMachineArn: arn, creationDate: new Date(record.created) };
  },
};

const updateStateMachine: Action = {
  permissions: (input) => [...onMachine('UpdateStateMachine')(input), ...passRole(input)],
  async run(input, context) {
    const given = readMembers(input, {
      stateMachineArn: must.text({ min: 1, max: 256 }),
      definition: text({ min: 1, max: 1_048_576 }),
      roleArn: text({ min: 1, max: 256 }),
      loggingConfiguration: logging,
      tracingConfiguration: tracing,
      publish: boolean(),
      versionDescription: text({ max: 256 }),
      encryptionConfiguration: encryption,
    });
    refuseVersions(given);
    checkEncryption(given.encryptionConfiguration);
    const machine = machineOrThrow(context, given.stateMachineArn);
    if (
      given.definition === undefined &&
      given.roleArn === undefined &&
      given.loggingConfiguration === undefined &&
      given.tracingConfiguration === undefined &&
      given.encryptionConfiguration === undefined
    )
      throw new ServiceError(
        'MissingRequiredParameter',
        'Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the TracingConfiguration must be specified',
      );
    if (machine.status === 'DELETING')
      throw new ServiceError('StateMachineDeleting', `State Machine is being deleted: '${machine.arn}'`);
    if (given.definition !== undefined) checkDefinition(given.definition, machine.type);
    if (given.roleArn !== undefined) await checkRole(context, given.roleArn);
    const now = machineOrThrow(context, given.stateMachineArn);
    const next: MachineRecord = {
      ...now,
      ...(given.definition === undefined ? {} : { definition: given.definition }),
      ...(given.roleArn === undefined ? {} : { roleArn: given.roleArn }),
      ...(given.loggingConfiguration === undefined
        ? {}
        : { loggingConfiguration: loggingOf(given.loggingConfiguration) }),
      ...(given.tracingConfiguration === undefined
        ? {}
        : { tracingConfiguration: { enabled: given.tracingConfiguration.enabled ?? false } }),
      updated: context.now(),
      revisionId: context.world.uuid(),
    };
    machinesOf(context).put(next.name, next);
    return { updateDate: new Date(context.now()), revisionId: next.revisionId };
  },
};

const describeStateMachine: Action = {
  permissions: onMachine('DescribeStateMachine'),
  run(input, context) {
    const { stateMachineArn, includedData } = readMembers(input, {
      stateMachineArn: must.text({ min: 1, max: 256 }),
      includedData: text({ oneOf: ['ALL_DATA', 'METADATA_ONLY'] }),
    });
    const machine = machineOrThrow(context, stateMachineArn);
    return {
      stateMachineArn: machine.arn,
      name: machine.name,
      status: machine.status,
      definition: includedData === 'METADATA_ONLY' ? '{}' : machine.definition,
      roleArn: machine.roleArn,
      type: machine.type,
      creationDate: new Date(machine.created),
      loggingConfiguration: machine.loggingConfiguration,
      tracingConfiguration: machine.tracingConfiguration,
      revisionId: machine.revisionId,
    };
  },
};

const describeForExecution: Action = {
  permissions: (input) => [
    { action: 'states:DescribeStateMachineForExecution', resource: String(input['executionArn'] ?? '*') },
  ],
  async run(input, context) {
    const { executionArn, includedData } = readMembers(input, {
      executionArn: must.text({ min: 1, max: 256 }),
      includedData: text({ oneOf: ['ALL_DATA', 'METADATA_ONLY'] }),
    });
    const key = executionKey(context, executionArn);
    const driver = driverOf(context);
    const ended = endsOf(context).get(key);
    const start = driver.live(executionArn)?.start ?? (ended && (await driver.archived(ended)).start);
    if (!start) throw executionDoesNotExist(executionArn);
    const machine = machinesOf(context).get(start.machineArn.split(':')[6] ?? '');
    return {
      stateMachineArn: start.machineArn,
      name: start.machineArn.split(':')[6],
      definition: includedData === 'METADATA_ONLY' ? '{}' : definitionsOf(context).get(start.definition),
      roleArn: start.roleArn,
      updateDate: new Date(machine?.updated ?? machine?.created ?? start.started),
      loggingConfiguration: machine?.loggingConfiguration ?? { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: machine?.tracingConfiguration ?? { enabled: false },
      revisionId: machine?.revisionId,
    };
  },
};

const deleteStateMachine: Action = {
  permissions: onMachine('DeleteStateMachine'),
  run(input, context) {
    const { stateMachineArn } = readMembers(input, { stateMachineArn: must.text({ min: 1, max: 256 }) });
    const { parts } = readArn(stateMachineArn, ['stateMachine']);
    const machine = machinesOf(context).get(parts[0] ?? '');
    if (!machine || machine.arn !== stateMachineArn) return {};
    machinesOf(context).put(machine.name, { ...machine, status: 'DELETING' });
    driverOf(context).removeWhenIdle(machine.arn);
    return {};
  },
};

export const invalidToken = (): ServiceError => new ServiceError('InvalidToken', "Invalid Token: 'Invalid token'");

const listStateMachines: Action = {
  permissions: () => [{ action: 'states:ListStateMachines', resource: '*' }],
  run(input, context) {
    const { maxResults, nextToken } = readMembers(input, {
      maxResults: integer({ min: 0, max: 1000 }),
      nextToken: text({ min: 1, max: 1024 }),
    });
    const all = [...machinesOf(context).values()].filter((machine) => machine.status === 'ACTIVE');
    const { items, next } = page(all, nextToken, maxResults || 100, 'machines', invalidToken);
    return {
      stateMachines: items.map(({ arn, name, type, created }) => ({
        stateMachineArn: arn,
        name,
        type,
        creationDate: new Date(created),
      })),
      nextToken: next,
    };
  },
};

const validate: Action = {
  permissions: () => [{ action: 'states:ValidateStateMachineDefinition', resource: '*' }],
  run(input) {
    const { definition, type, severity, maxResults } = readMembers(input, {
      definition: must.text({ min: 1, max: 1_048_576 }),
      type: text({ oneOf: TYPES }),
      severity: text({ oneOf: ['ERROR', 'WARNING'] }),
      maxResults: integer({ min: 0, max: 100 }),
    });
    const found = findingsOf(definition, type ?? 'STANDARD');
    const shown = found.filter((one) => severity === 'WARNING' || one.severity === 'ERROR');
    const most = maxResults || 100;
    return {
      result: found.some((one) => one.severity === 'ERROR') ? 'FAIL' : 'OK',
      diagnostics: shown.slice(0, most).map(({ severity: level, code, message, location }) => ({
        severity: level,
        code,
        message,
        ...(location === undefined ? {} : { location }),
      })),
      truncated: shown.length > most,
    };
  },
};

export const machines: Record<string, Action> = {
  CreateStateMachine: createStateMachine,
  UpdateStateMachine: updateStateMachine,
  DescribeStateMachine: describeStateMachine,
  DescribeStateMachineForExecution: describeForExecution,
  DeleteStateMachine: deleteStateMachine,
  ListStateMachines: listStateMachines,
  ValidateStateMachineDefinition: validate,
};
