/** Every service of the sandbox: one line each. */
import type { Service } from '../service.ts';
import { sts } from './sts/index.ts';

export function allServices(): Service[] {
  return [sts];
}
