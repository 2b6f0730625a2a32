/** The tree: units, what lies in them, and what each lies in. */
import { ServiceError } from '../../../errors.ts';
import { list, must, text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import {
  checkParent,
  constraint,
  type Hall,
  managementHall,
  members,
  newId,
  notFound,
  onTarget,
  paged,
  paging,
  parentField,
  read,
  readingHall,
  type UnitRecord,
  unitField,
  unitOut,
  units,
} from '../records.ts';

/** Units can be nested five deep below the root (Quotas for AWS Organizations). */
const DEEPEST = 5;

export const tagsField = () =>
  list(must.structure({ Key: must.text({ min: 1, max: 128 }), Value: must.text({ max: 256 }) }), { max: 50 });
export const tagsOf = (tags: { Key: string; Value: string }[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value]));

export const unitsIn = ({ store }: Hall, parent: string): UnitRecord[] =>
  [...units(store).values()].filter((unit) => unit.parent === parent);

function depth({ record, store }: Hall, id: string): number {
  let steps = 0;
  for (let at: string | undefined = id; at !== undefined && at !== record.rootId; at = units(store).get(at)?.parent)
    steps++;
  return steps;
}

const unitName = () => must.text({ min: 1, max: 128 });

const createUnit: Action = {
  permissions: onTarget('CreateOrganizationalUnit', 'ParentId'),
  async run(input, context) {
    const wanted = read(input, { ParentId: must.text(parentField), Name: unitName(), Tags: tagsField() });
    const hall = await managementHall(context);
    checkParent(hall, wanted.ParentId);
    if (unitsIn(hall, wanted.ParentId).some((unit) => unit.name === wanted.Name))
      throw new ServiceError('DuplicateOrganizationalUnitException', 'An OU with the same name already exists.');
    if (depth(hall, wanted.ParentId) >= DEEPEST)
      throw constraint('OU_DEPTH_LIMIT_EXCEEDED', 'You have exceeded the number of levels of OUs in an organization.');
    const unit: UnitRecord = {
      id: `ou-${hall.record.rootId.slice(2)}-${newId(context, 8)}`,
      name: wanted.Name,
      parent: wanted.ParentId,
      tags: tagsOf(wanted.Tags),
    };
    units(hall.store).put(unit.id, unit);
    return { OrganizationalUnit: unitOut(hall, unit) };
  },
};

const describeUnit: Action = {
  permissions: onTarget('DescribeOrganizationalUnit', 'OrganizationalUnitId'),
  async run(input, context) {
    const wanted = read(input, { OrganizationalUnitId: must.text(unitField) });
    const hall = await readingHall(context);
    const unit = units(hall.store).get(wanted.OrganizationalUnitId);
    if (!unit) throw notFound.unit();
    return { OrganizationalUnit: unitOut(hall, unit) };
  },
};

const deleteUnit: Action = {
  permissions: onTarget('DeleteOrganizationalUnit', 'OrganizationalUnitId'),
  async run(input, context) {
    const { OrganizationalUnitId: id } = read(input, { OrganizationalUnitId: must.text(unitField) });
    const hall = await managementHall(context);
    if (!units(hall.store).has(id)) throw notFound.unit();
    if (unitsIn(hall, id).length > 0 || [...members(hall.store).values()].some((member) => member.parent === id))
      throw new ServiceError('OrganizationalUnitNotEmptyException', 'The specified OU is not empty.');
    units(hall.store).delete(id);
    return {};
  },
};

const listUnitsForParent: Action = {
  permissions: onTarget('ListOrganizationalUnitsForParent', 'ParentId'),
  async run(input, context) {
    const wanted = read(input, { ParentId: must.text(parentField), ...paging });
    const hall = await readingHall(context);
    checkParent(hall, wanted.ParentId);
    const found = paged(unitsIn(hall, wanted.ParentId), wanted, `units ${wanted.ParentId}`);
    return { OrganizationalUnits: found.items.map((unit) => unitOut(hall, unit)), NextToken: found.NextToken };
  },
};

const listChildren: Action = {
  permissions: onTarget('ListChildren', 'ParentId'),
  async run(input, context) {
    const wanted = read(input, {
      ParentId: must.text(parentField),
      ChildType: must.text({ oneOf: ['ACCOUNT', 'ORGANIZATIONAL_UNIT'] }),
      ...paging,
    });
    const hall = await readingHall(context);
    checkParent(hall, wanted.ParentId);
    const all: { id: string; parent: string }[] = [
      ...(wanted.ChildType === 'ACCOUNT' ? members(hall.store) : units(hall.store)).values(),
    ];
    const ids = all.filter(({ parent }) => parent === wanted.ParentId).map(({ id }) => id);
    const found = paged(ids, wanted, `${wanted.ChildType} ${wanted.ParentId}`);
    return { Children: found.items.map((Id) => ({ Id, Type: wanted.ChildType })), NextToken: found.NextToken };
  },
};

const listParents: Action = {
  permissions: onTarget('ListParents', 'ChildId'),
  async run(input, context) {
    const wanted = read(input, {
      ChildId: must.text({ pattern: /\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}/ }),
      ...paging,
    });
    const hall = await readingHall(context);
    const parent = (members(hall.store).get(wanted.ChildId) ?? units(hall.store).get(wanted.ChildId))?.parent;
    if (parent === undefined) throw notFound.child();
    const Type = parent === hall.record.rootId ? 'ROOT' : 'ORGANIZATIONAL_UNIT';
    const found = paged([{ Id: parent, Type }], wanted, `parents ${wanted.ChildId}`);
    return { Parents: found.items, NextToken: found.NextToken };
  },
};

const updateUnit: Action = {
  permissions: onTarget('UpdateOrganizationalUnit', 'OrganizationalUnitId'),
  async run(input, context) {
    const wanted = read(input, { OrganizationalUnitId: must.text(unitField), Name: text({ min: 1, max: 128 }) });
    const hall = await managementHall(context);
    const unit = units(hall.store).get(wanted.OrganizationalUnitId);
    if (!unit) throw notFound.unit();
    const name = wanted.Name ?? unit.name;
    if (unitsIn(hall, unit.parent).some((other) => other.id !== unit.id && other.name === name))
      throw new ServiceError('DuplicateOrganizationalUnitException', 'An OU with the same name already exists.');
    const renamed = { ...unit, name };
    units(hall.store).put(unit.id, renamed);
    return { OrganizationalUnit: unitOut(hall, renamed) };
  },
};

export const unitActions: Record<string, Action> = {
  CreateOrganizationalUnit: createUnit,
  DescribeOrganizationalUnit: describeUnit,
  UpdateOrganizationalUnit: updateUnit,
  DeleteOrganizationalUnit: deleteUnit,
  ListOrganizationalUnitsForParent: listUnitsForParent,
  ListChildren: listChildren,
  ListParents: listParents,
};
