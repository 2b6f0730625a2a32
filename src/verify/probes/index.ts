/** Every kind of check: one line each. */
import type { Probe } from './probe.ts';
import { ruleOnce, ruleRouting } from './rule-routing.ts';
import { workflow } from './workflow.ts';
import { workflowBehaviour, workflowTwoOrders } from './workflow-behaviour.ts';
import { workflowPlaces } from './workflow-places.ts';
import { workflowRole } from './workflow-role.ts';

export const PROBES: Record<string, Probe> = {
  workflow,
  'workflow-behaviour': workflowBehaviour,
  'workflow-two-orders': workflowTwoOrders,
  'workflow-places': workflowPlaces,
  'workflow-role': workflowRole,
  'rule-routing': ruleRouting,
  'rule-once': ruleOnce,
};

export const KINDS: ReadonlySet<string> = new Set(Object.keys(PROBES));
