// The learner's workflow between the account and an editor: pull, lint, show what would change, push, draw.
// Promise: nothing is pushed that AWS would refuse or that still holds a placeholder; a file is never overwritten unasked.
// lint, difference, graph and to-* are pure; find reads the account and the disk, run the account.
export { diffLines, shortened } from './difference.ts';
export { findWorkflow, processorRole, readDefinitionFile, theWorkflow, writeDefinitionFile } from './find.ts';
export { type Graph, graphOf } from './graph.ts';
export { type Finding, lint, pretty } from './lint.ts';
export { followExecution, type RunStep } from './run.ts';
export { toDot } from './to-dot.ts';
export { toMermaid } from './to-mermaid.ts';
export { toText } from './to-text.ts';
