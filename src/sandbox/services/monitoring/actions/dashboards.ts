/** Dashboards: kept as they are written, once their body holds together ("Dashboard body structure and syntax"). */
import { ServiceError } from '../../../errors.ts';
import { list, must, page, readMembers, structure, text } from '../../../members.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { BAD_VALUE, badToken, badValue, type DashboardRecord, dashboardArn, dashboardsOf } from '../records.ts';

const nameRules = { min: 1, max: 255, pattern: /[\w-]+/, shown: '[A-Za-z0-9-_]+' };
const tagsMember = list(structure({ Key: must.text({ min: 1, max: 128 }), Value: must.text({ max: 256 }) }), {
  max: 50,
});
const WIDGETS = ['metric', 'text', 'log', 'alarm', 'explorer', 'custom'];

interface Finding {
  DataPath: string;
  Message: string;
}

/** What is wrong with a body; nothing: it can be kept. */
function findings(body: string): Finding[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [{ DataPath: '/', Message: 'The dashboard body is not valid JSON' }];
  }
  if (!value || typeof value !== 'object' || Array.isArray(value))
    return [{ DataPath: '/', Message: 'Should be object' }];
  const widgets: unknown = (value as Input)['widgets'];
  if (widgets === undefined) return [{ DataPath: '/', Message: "Should have required property 'widgets'" }];
  if (!Array.isArray(widgets)) return [{ DataPath: '/widgets', Message: 'Should be array' }];
  return widgets.flatMap((widget: unknown, index) => widgetFindings(widget, `/widgets/${index}`));
}

function widgetFindings(widget: unknown, at: string): Finding[] {
  if (!widget || typeof widget !== 'object') return [{ DataPath: at, Message: 'Should be object' }];
  const { type, properties, ...place } = widget as Input;
  const found: Finding[] = [];
  const wrong = (path: string, Message: string): number => found.push({ DataPath: `${at}${path}`, Message });
  if (!WIDGETS.includes(String(type))) wrong('/type', `Should be one of: ${WIDGETS.join(', ')}`);
  for (const [name, most] of [
    ['x', 23],
    ['y', Number.MAX_SAFE_INTEGER],
    ['width', 24],
    ['height', 1_000],
  ] as const) {
    const size: unknown = place[name];
    const least = name === 'width' || name === 'height' ? 1 : 0;
    if (size !== undefined && !(Number.isInteger(size) && Number(size) >= least && Number(size) <= most))
      wrong(`/${name}`, `Should be an integer from ${least} to ${most}`);
  }
  if (!properties || typeof properties !== 'object' || Array.isArray(properties)) {
    wrong('', "Should have required property 'properties'");
    return found;
  }
  const { metrics, markdown } = properties as Input;
  if (type === 'text' && typeof markdown !== 'string') wrong('/properties', "Should have required property 'markdown'");
  if (type === 'metric') {
    const lines: unknown = metrics;
    if (lines === undefined && (properties as Input)['annotations'] === undefined)
      wrong('/properties', "Should have required property 'metrics'");
    else if (
      lines !== undefined &&
      !(Array.isArray(lines) && lines.every((line) => Array.isArray(line) && line.length > 0))
    )
      wrong('/properties/metrics', 'Should be an array of arrays, one a metric');
  }
  return found;
}

const noDashboard = (names: string[]): ServiceError =>
  new ServiceError('DashboardNotFoundError', `Dashboard ${names.join(', ')} does not exist`, 404);

function find(name: string, context: Context): DashboardRecord {
  const found = dashboardsOf(context).get(name);
  if (!found) throw noDashboard([name]);
  return found;
}

const on = (action: string) => (input: Input, context: Context) => [
  { action: `cloudwatch:${action}`, resource: dashboardArn(context, String(input['DashboardName'] ?? '')) },
];

const putDashboard: Action = {
  permissions: (input, context) => [
    ...on('PutDashboard')(input, context),
    ...(Array.isArray(input['Tags']) && input['Tags'].length > 0 ? on('TagResource')(input, context) : []),
  ],
  run(input, context) {
    const { DashboardName, DashboardBody, Tags } = readMembers(
      input,
      { DashboardName: must.text(nameRules), DashboardBody: must.text({ min: 1 }), Tags: tagsMember },
      BAD_VALUE,
    );
    const found = findings(DashboardBody);
    if (found.length > 0)
      throw new ServiceError(
        'DashboardInvalidInputError',
        `The dashboard body is invalid, there are ${found.length} validation errors: ${JSON.stringify(found)}`,
        400,
        { dashboardValidationMessages: found },
      );
    const known = dashboardsOf(context).get(DashboardName);
    dashboardsOf(context).put(DashboardName, {
      name: DashboardName,
      body: DashboardBody,
      modified: context.now(),
      // Tags are for a new dashboard; one that is there keeps its own ("PutDashboard", Tags).
      tags: known?.tags ?? Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    });
    return { DashboardValidationMessages: [] };
  },
};

const getDashboard: Action = {
  permissions: on('GetDashboard'),
  run(input, context) {
    const { DashboardName } = readMembers(input, { DashboardName: must.text(nameRules) }, BAD_VALUE);
    const { name, body } = find(DashboardName, context);
    return { DashboardArn: dashboardArn(context, name), DashboardBody: body, DashboardName: name };
  },
};

const listDashboards: Action = {
  permissions: () => [{ action: 'cloudwatch:ListDashboards', resource: '*' }],
  run(input, context) {
    const { DashboardNamePrefix = '', NextToken } = readMembers(
      input,
      { DashboardNamePrefix: text({ max: 255 }), NextToken: text() },
      BAD_VALUE,
    );
    const all = [...dashboardsOf(context).values()]
      .filter(({ name }) => name.startsWith(DashboardNamePrefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const { items, next } = page(all, NextToken, 1_000, `dashboards ${DashboardNamePrefix}`, badToken);
    return {
      DashboardEntries: items.map(({ name, body, modified }) => ({
        DashboardName: name,
        DashboardArn: dashboardArn(context, name),
        LastModified: new Date(modified),
        Size: Buffer.byteLength(body),
      })),
      ...(next === undefined ? {} : { NextToken: next }),
    };
  },
};

const deleteDashboards: Action = {
  permissions: (input, context) =>
    ((input['DashboardNames'] ?? []) as unknown[]).map((name) => ({
      action: 'cloudwatch:DeleteDashboards',
      resource: dashboardArn(context, String(name)),
    })),
  run(input, context) {
    const { DashboardNames } = readMembers(
      input,
      { DashboardNames: must.list(text(nameRules), { min: 1, max: 100 }) },
      BAD_VALUE,
    );
    const none = DashboardNames.filter((name) => !dashboardsOf(context).has(name));
    if (none.length > 0) throw noDashboard(none);
    for (const name of DashboardNames) dashboardsOf(context).delete(name);
    return {};
  },
};

const onResource = (action: string) => (input: Input) => [
  { action: `cloudwatch:${action}`, resource: String(input['ResourceARN'] ?? '') },
];

function tagged(arn: string, context: Context): DashboardRecord {
  const name = /^arn:aws:cloudwatch::\d{12}:dashboard\/(.+)$/.exec(arn)?.[1];
  const found = name === undefined ? undefined : dashboardsOf(context).get(name);
  if (!found || arn !== dashboardArn(context, found.name))
    throw new ServiceError(
      'ResourceNotFoundException',
      `Unknown resource: ${arn}. The sandbox carries dashboards.`,
      404,
    );
  return found;
}

const arnMember = must.text({ min: 1, max: 1024 });

const tagResource: Action = {
  permissions: onResource('TagResource'),
  run(input, context) {
    const { ResourceARN, Tags = [] } = readMembers(input, { ResourceARN: arnMember, Tags: tagsMember }, BAD_VALUE);
    const dashboard = tagged(ResourceARN, context);
    const tags = { ...dashboard.tags, ...Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) };
    if (Object.keys(tags).length > 50) throw badValue('A resource can have at most 50 tags.');
    dashboardsOf(context).put(dashboard.name, { ...dashboard, tags });
    return {};
  },
};

const untagResource: Action = {
  permissions: onResource('UntagResource'),
  run(input, context) {
    const { ResourceARN, TagKeys } = readMembers(
      input,
      { ResourceARN: arnMember, TagKeys: must.list(text({ min: 1, max: 128 })) },
      BAD_VALUE,
    );
    const dashboard = tagged(ResourceARN, context);
    const tags = Object.fromEntries(Object.entries(dashboard.tags).filter(([key]) => !TagKeys.includes(key)));
    dashboardsOf(context).put(dashboard.name, { ...dashboard, tags });
    return {};
  },
};

const listTagsForResource: Action = {
  permissions: onResource('ListTagsForResource'),
  run(input, context) {
    const { ResourceARN } = readMembers(input, { ResourceARN: arnMember }, BAD_VALUE);
    return { Tags: Object.entries(tagged(ResourceARN, context).tags).map(([Key, Value]) => ({ Key, Value })) };
  },
};

export const dashboardActions: Record<string, Action> = {
  PutDashboard: putDashboard,
  GetDashboard: getDashboard,
  ListDashboards: listDashboards,
  DeleteDashboards: deleteDashboards,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};
