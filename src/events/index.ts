// The bus: followed by its log, and asked which rules take an event; one can be sent, for learning.
// Promise: every event is told once, in the order of time; no task token is ever shown.
// judge is pure; follow reads the log; draft reads a file; sending is aws/events.
export type { BusEvent } from '../aws/logs.ts';
export { draftEvent, meantType } from './draft.ts';
export { followLog, loggingRules } from './follow.ts';
export { judgeRules, type RuleVerdict } from './judge.ts';
