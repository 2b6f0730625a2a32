import { map } from './map.ts';
import { parallel } from './parallel.ts';
import type { Body } from './run.ts';
import { choice, fail, pass, succeed, wait } from './simple.ts';
import { task } from './task.ts';

/** The body of every type of state. */
export const BODIES: Record<string, Body> = Object.assign(Object.create(null), {
  Pass: pass,
  Succeed: succeed,
  Fail: fail,
  Choice: choice,
  Wait: wait,
  Task: task,
  Parallel: parallel(() => BODIES),
  Map: map(() => BODIES),
});
