import { TAGS } from './shape.ts';
import { given, orNothing, alreadyExists, type ResourceType } from './type.ts';

export const dashboard: ResourceType = {
  properties: { DashboardName: 'string', 'DashboardBody!': 'string', Tags: TAGS },
  replaces: ['DashboardName'],
  attributes: [],
  nameProperty: 'DashboardName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['DashboardName'] ?? work.name(255);
    // PutDashboard would take over one of this name.
    if (await orNothing(work.call('monitoring', 'GetDashboard', { DashboardName: name }))) throw alreadyExists(name);
    await work.call(
      'monitoring',
      'PutDashboard',
      given({ DashboardName: name, DashboardBody: properties['DashboardBody'], Tags: properties['Tags'] }),
    );
    work.made(name);
    return { id: name };
  },
  async update(id, properties, _before, work) {
    await work.call(
      'monitoring',
      'PutDashboard',
      given({ DashboardName: id, DashboardBody: properties['DashboardBody'] }),
    );
    return { id };
  },
  async read(id, _expected, work) {
    const { DashboardBody } = await work.call('monitoring', 'GetDashboard', { DashboardName: id });
    return { DashboardName: id, DashboardBody };
  },
  async delete(id, _properties, work) {
    await work.call('monitoring', 'DeleteDashboards', { DashboardNames: [id] });
  },
};
