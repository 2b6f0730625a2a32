// The engine of EventBridge's event patterns. Pure: text and values in, decisions and explanations out.
// Promise: decides and refuses as EventBridge does (EventBridge User Guide, "Event patterns"; Event Ruler's README), and says
// which field of the event no alternative of the pattern accepts.
// json-reader (tokens with places) → compile (what a pattern may say) → match (yes or no) → explain (why not).

export { InvalidEventPattern, type Pattern, parsePattern } from './compile.ts';
export { type Explanation, explain, type Fault, type FaultKind } from './explain.ts';
export { JsonFault } from './json-reader.ts';
export { matches, matchesText } from './match.ts';
export type { Json } from './values.ts';
