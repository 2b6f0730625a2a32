/**
 * Passwords: what a pool's policy says of one, and what is kept of it. Kept is the verifier of SRP (RFC 5054 with the 3072
 * bit group and SHA-256, the names as Cognito's clients hash them), which answers SRP and a password sent as it is.
 */
import { createDiffieHellman, createHash, getDiffieHellman } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import type { World } from '../../world.ts';
import type { PasswordPolicy } from './records.ts';

export const DEFAULT_POLICY: PasswordPolicy = {
  MinimumLength: 8,
  RequireUppercase: true,
  RequireLowercase: true,
  RequireNumbers: true,
  RequireSymbols: true,
  TemporaryPasswordValidityDays: 7,
};

/** Amazon Cognito Developer Guide, "Password policies": the characters that count as symbols. */
const SYMBOL = /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/;

/** @throws ServiceError InvalidPasswordException (400) with the first rule that is broken */
export function checkPassword(policy: PasswordPolicy, password: string): void {
  const refuse = (reason: string): ServiceError =>
    new ServiceError('InvalidPasswordException', `Password did not conform with policy: ${reason}`, 400);
  if (password.length < policy.MinimumLength) throw refuse('Password not long enough');
  if (policy.RequireUppercase && !/[A-Z]/.test(password)) throw refuse('Password must have uppercase characters');
  if (policy.RequireLowercase && !/[a-z]/.test(password)) throw refuse('Password must have lowercase characters');
  if (policy.RequireNumbers && !/[0-9]/.test(password)) throw refuse('Password must have numeric characters');
  if (policy.RequireSymbols && !SYMBOL.test(password)) throw refuse('Password must have symbol characters');
  if (password !== password.trim()) throw refuse('Password must not begin or end with a space');
}

/** A password that every policy accepts, for a user who is made without one. */
export function makePassword(world: World, policy: PasswordPolicy): string {
  return `aA1!${world.suffix(Math.max(12, policy.MinimumLength))}`;
}

/**
 * Salt and verifier (hexadecimal) of a password.
 * @param poolId `us-east-1_AbCdEf123`; clients hash its part after the underscore
 */
export function makeVerifier(
  salt: Uint8Array,
  poolId: string,
  username: string,
  password: string,
): { salt: string; verifier: string } {
  const saltHex = Buffer.from(salt).toString('hex');
  const inner = createHash('sha256')
    .update(`${poolId.slice(poolId.indexOf('_') + 1)}${username}:${password}`)
    .digest('hex');
  const x = createHash('sha256')
    .update(Buffer.from(padHex(saltHex) + inner, 'hex'))
    .digest();
  const exponentiation = createDiffieHellman(getDiffieHellman('modp15').getPrime(), 2);
  exponentiation.setPrivateKey(x);
  return { salt: saltHex, verifier: exponentiation.generateKeys('hex') };
}

/** As a number whose first bit is no sign. */
function padHex(hex: string): string {
  const even = hex.length % 2 === 1 ? `0${hex}` : hex;
  return /^[89a-f]/i.test(even) ? `00${even}` : even;
}
