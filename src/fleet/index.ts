/**
 * Many accounts: who (roster), may it (guard), into it (attend), one operation over all (run), what was done (journal).
 * Promise: an account is touched only when every guard says so, one bad account never holds up the rest, and a killed run
 * goes on. roster and guard are pure; journal.ts touches the disk, attend.ts the accounts.
 */
export { attend, type Attended, refusal } from './attend.ts';
export { NO_MARKER } from './guard.ts';
export { continueJournal, halfDone, openJournal, type PastRun, pastRuns } from './journal.ts';
export { type Attendee, parseRoster, type Roster } from './roster.ts';
export { rosterOfUnit } from './roster-organization.ts';
export {
  type FleetEvent,
  type Finding,
  type Operation,
  type Outcome,
  type Result,
  runFleet,
  type Tools,
} from './run.ts';
export { fleetPolicies } from './policy.ts';
export { stackSetPolicies } from './stack-sets-policy.ts';
export { EXECUTION_ROLE, planSet, readReason, type SetPlan, type SetWanted } from './stack-sets.ts';
export {
  deleteEmptySets,
  deploySets,
  findSet,
  heldBySets,
  leaveSets,
  type SetEvent,
  type SetRunOptions,
} from './stack-sets-run.ts';
export { watchFleet } from './watch.ts';
