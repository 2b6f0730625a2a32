/** Event buses and their resource policies. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, must, page, readMembers, structure, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { type BusRecord, busArn, busesOf, busName, busOrThrow, findBus, rulesOf } from '../records.ts';
import { readTags, tagMembers } from '../tags.ts';

const busNameRules = { min: 1, max: 256, pattern: /[/.\-_A-Za-z0-9]+/, shown: '[/\\.\\-_A-Za-z0-9]+' };
const busNameMember = text(busNameRules);
export const busNameOrArnMember = text({
  min: 1,
  max: 1600,
  pattern: /(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/.\-_A-Za-z0-9]+/,
  shown: '(arn:aws[\\w-]*:events:[a-z]+-[a-z]+-[\\w-]+:[0-9]{12}:event-bus\\/)?[/\\.\\-_A-Za-z0-9]+',
});

const onBus =
  (action: string, member = 'Name') =>
  (input: Input, context: Context): Permission[] => [
    { action: `events:${action}`, resource: busArn(context, input[member]) },
  ];

const createMembers = {
  Name: must.text(busNameRules),
  Description: text({ max: 512 }),
  Tags: tagMembers,
};

const createEventBus: Action = {
  permissions: onBus('CreateEventBus'),
  run(input, context) {
    readMembers(input, createMembers);
    const name = String(input['Name']);
    if (name.includes('/'))
      throw new ServiceError('ValidationException', `Event bus name ${name} is not valid: it must not contain '/'.`);
    if (findBus(context, name))
      throw new ServiceError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
    if (busesOf(context).size >= 99)
      throw new ServiceError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
    const record: BusRecord = {
      name,
      arn: context.arn(`event-bus/${name}`),
      ...(input['Description'] === undefined ? {} : { description: String(input['Description']) }),
      created: context.now(),
      modified: context.now(),
      tags: readTags(input['Tags']),
    };
    busesOf(context).put(name, record);
    return { EventBusArn: record.arn, Description: record.description };
  },
};

const describeEventBus: Action = {
  permissions: onBus('DescribeEventBus'),
  run(input, context) {
    readMembers(input, { Name: busNameOrArnMember });
    return shown(busOrThrow(context, input['Name']));
  },
};

const updateEventBus: Action = {
  permissions: onBus('UpdateEventBus'),
  run(input, context) {
    readMembers(input, { Name: busNameMember, Description: text({ max: 512 }) });
    const bus = busOrThrow(context, input['Name']);
    const next: BusRecord = {
      ...bus,
      ...(input['Description'] === undefined ? {} : { description: String(input['Description']) }),
      modified: context.now(),
    };
    busesOf(context).put(bus.name, next);
    return { Arn: next.arn, Name: next.name, Description: next.description };
  },
};

const deleteEventBus: Action = {
  permissions: onBus('DeleteEventBus'),
  run(input, context) {
    readMembers(input, { Name: must.text(busNameRules) });
    const name = busName(input['Name']);
    if (name === 'default') throw new ServiceError('ValidationException', 'Cannot delete event bus default.');
    for (const rule of rulesOf(context).values())
      if (rule.bus === name)
        throw new ServiceError('ValidationException', "EventBus can't be deleted since it has rules.");
    busesOf(context).delete(name);
    return {};
  },
};

const listEventBuses: Action = {
  permissions: () => [{ action: 'events:ListEventBuses', resource: '*' }],
  run(input, context) {
    readMembers(input, {
      NamePrefix: busNameMember,
      NextToken: text({ min: 1, max: 2048 }),
      Limit: integer({ min: 1, max: 100 }),
    });
    const all = [...busesOf(context).values()];
    const fallback = findBus(context, 'default');
    if (fallback && !busesOf(context).has('default')) all.push(fallback);
    const matching = all
      .filter((bus) => bus.name.startsWith(String(input['NamePrefix'] ?? '')))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const { items, next } = page(matching, input['NextToken'], Number(input['Limit'] ?? 100), 'buses', invalidToken);
    return { EventBuses: items.map(shown), NextToken: next };
  },
};

export function invalidToken(): ServiceError {
  return new ServiceError('ValidationException', 'Token is invalid.');
}

function shown(bus: BusRecord): Record<string, unknown> {
  return {
    Arn: bus.arn,
    ...(bus.created > 0 ? { CreationTime: new Date(bus.created), LastModifiedTime: new Date(bus.modified) } : {}),
    Description: bus.description,
    Name: bus.name,
    Policy: bus.policy,
  };
}

interface Statement {
  Sid?: string;
  [member: string]: unknown;
}

const permissionMembers = {
  EventBusName: busNameMember,
  Action: text({ min: 1, max: 64, pattern: /events:[a-zA-Z]+/ }),
  Principal: text({ min: 1, max: 12, pattern: /(\d{12}|\*)/ }),
  StatementId: text({ min: 1, max: 64, pattern: /[a-zA-Z0-9-_]+/ }),
  Condition: structure({
    Type: must.text(),
    Key: must.text(),
    Value: must.text(),
  }),
  Policy: text(),
};

const putPermission: Action = {
  permissions: onBus('PutPermission', 'EventBusName'),
  run(input, context) {
    readMembers(input, permissionMembers);
    const bus = busOrThrow(context, input['EventBusName']);
    if (input['Policy'] !== undefined) {
      if (input['Action'] !== undefined || input['Principal'] !== undefined || input['StatementId'] !== undefined)
        throw new ServiceError(
          'ValidationException',
          'Parameter Policy cannot be used with Action, Principal, StatementId or Condition.',
        );
      return save(context, bus, statementsOf(String(input['Policy'])));
    }
    for (const member of ['Action', 'Principal', 'StatementId'])
      if (input[member] === undefined)
        throw new ServiceError(
          'ValidationException',
          `1 validation error detected: Value null at '${member.charAt(0).toLowerCase()}${member.slice(1)}' failed to satisfy constraint: Member must not be null`,
        );
    const principal = String(input['Principal']);
    const condition = input['Condition'] as { Type: string; Key: string; Value: string } | undefined;
    const statement: Statement = {
      Sid: String(input['StatementId']),
      Effect: 'Allow',
      Principal: principal === '*' ? '*' : { AWS: `arn:aws:iam::${principal}:root` },
      Action: String(input['Action']),
      Resource: bus.arn,
      ...(condition ? { Condition: { [condition.Type]: { [condition.Key]: condition.Value } } } : {}),
    };
    return save(context, bus, [...statementsOf(bus.policy).filter((one) => one.Sid !== statement.Sid), statement]);
  },
};

const removePermission: Action = {
  permissions: onBus('RemovePermission', 'EventBusName'),
  run(input, context) {
    readMembers(input, {
      EventBusName: busNameMember,
      StatementId: text({ min: 1, max: 64, pattern: /[a-zA-Z0-9-_]+/ }),
      RemoveAllPermissions: boolean(),
    });
    const bus = busOrThrow(context, input['EventBusName']);
    if (input['RemoveAllPermissions'] === true) return save(context, bus, []);
    const statements = statementsOf(bus.policy);
    const rest = statements.filter((one) => one.Sid !== input['StatementId']);
    if (rest.length === statements.length)
      throw new ServiceError('ResourceNotFoundException', 'Statement with the provided id does not exist.');
    return save(context, bus, rest);
  },
};

function statementsOf(policy: string | undefined): Statement[] {
  if (policy === undefined) return [];
  try {
    const { Statement: found } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
    if (found && typeof found === 'object') return Array.isArray(found) ? found : [found];
  } catch {
    // falls through to AWS's own answer
  }
  throw new ServiceError('ValidationException', 'Parameter Policy is not valid. Reason: Invalid JSON policy document.');
}

function save(context: Context, bus: BusRecord, statements: Statement[]): Record<string, never> {
  const { policy: _old, ...rest } = bus;
  const next: BusRecord = { ...rest, modified: context.now() };
  if (statements.length > 0) next.policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  busesOf(context).put(bus.name, next);
  return {};
}

export const buses: Record<string, Action> = {
  CreateEventBus: createEventBus,
  DescribeEventBus: describeEventBus,
  UpdateEventBus: updateEventBus,
  DeleteEventBus: deleteEventBus,
  ListEventBuses: listEventBuses,
  PutPermission: putPermission,
  RemovePermission: removePermission,
};
