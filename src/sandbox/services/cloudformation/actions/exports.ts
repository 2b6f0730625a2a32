/** Exports: what stacks give to others by name, and who takes it. */
import type { Action } from '../../../service.ts';
import { exportsOf } from '../engine/scope.ts';
import { stacks } from '../records.ts';
import { invalid } from '../template/model.ts';
import { action, page, required } from './input.ts';

const listExports: Action = action(
  'NextToken',
  () => [{ action: 'cloudformation:ListExports', resource: '*' }],
  (input, context) => {
    const { items, NextToken } = page([...exportsOf(context).values()], input, 100, (item) => item.Name);
    return { Exports: items, NextToken };
  },
);

const listImports: Action = action(
  'ExportName NextToken',
  () => [{ action: 'cloudformation:ListImports', resource: '*' }],
  (input, context) => {
    const name = required(input, 'ExportName');
    const found = [...stacks(context).values()].filter(
      (stack) => stack.status !== 'DELETE_COMPLETE' && stack.imports.includes(name),
    );
    if (found.length === 0) throw invalid(`Export '${name}' is not imported by any stack.`);
    const { items, NextToken } = page(found, input, 100, (stack) => stack.stackId);
    return { Imports: items.map((stack) => stack.name), NextToken };
  },
);

export const exportActions: Record<string, Action> = { ListExports: listExports, ListImports: listImports };
