/** Every kind of check: one line each. */
import { adminUser } from './admin-user.ts';
import { apiAnswers } from './api-answers.ts';
import { appSettingsProbe } from './app-settings.ts';
import { eventBus } from './event-bus.ts';
import { eventLog, eventLogPolicy } from './event-log.ts';
import { metricsCloudwatch, metricsDashboard, metricsMapping, metricsRoute, metricsTable } from './metrics.ts';
import { liveOrder } from './live-order.ts';
import { functions, orderManager, userPool } from './named.ts';
import { mqttReach } from './mqtt-reach.ts';
import { nothingLeft } from './nothing-left.ts';
import { preparedRole } from './prepared-role.ts';
import type { Probe } from './probe.ts';
import { publisher } from './publisher.ts';
import { ruleOnce, ruleRouting } from './rule-routing.ts';
import { settled } from './settled.ts';
import { table } from './table.ts';
import { tableItem } from './table-item.ts';
import { workflow } from './workflow.ts';
import { workflowBehaviour, workflowTwoOrders } from './workflow-behaviour.ts';
import { workflowPlaces } from './workflow-places.ts';
import { workflowRole } from './workflow-role.ts';

export const PROBES: Record<string, Probe> = {
  'event-bus': settled(eventBus),
  'event-log': settled(eventLog),
  'event-log-policy': settled(eventLogPolicy),
  table: settled(table),
  'table-item': tableItem,
  functions: settled(functions),
  'order-manager': settled(orderManager),
  'prepared-role': settled(preparedRole),
  'user-pool': settled(userPool),
  workflow,
  'workflow-behaviour': workflowBehaviour,
  'workflow-two-orders': workflowTwoOrders,
  'workflow-places': workflowPlaces,
  'workflow-role': workflowRole,
  'rule-routing': ruleRouting,
  'rule-once': ruleOnce,
  'metrics-route': metricsRoute,
  'metrics-mapping': metricsMapping,
  'metrics-table': metricsTable,
  'metrics-cloudwatch': metricsCloudwatch,
  'metrics-dashboard': metricsDashboard,
  'admin-user': adminUser,
  'app-settings': settled(appSettingsProbe),
  'api-answers': settled(apiAnswers),
  'mqtt-reach': settled(mqttReach),
  publisher: settled(publisher),
  'nothing-left': nothingLeft,
  'live-order': liveOrder,
};

export const KINDS: ReadonlySet<string> = new Set(Object.keys(PROBES));
