/** Every service of the sandbox: one line each. */
import type { Service } from '../service.ts';
import { iam } from './iam/index.ts';
import { sts } from './sts/index.ts';

export function allServices(): Service[] {
  return [iam, sts];
}
