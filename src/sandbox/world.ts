/**
 * The world of one sandbox: accounts, clock, chance, and the one table of services that HTTP and the services themselves
 * use. Touches the disk through journal.ts; everything else that is not pure (time, randomness) is here and can be given.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { authorize, findRole, mayAssume } from './authorize.ts';
import { Clock } from './clock.ts';
import type { WireRequest } from './dispatch.ts';
import { ServiceError } from './errors.ts';
import type { SessionRecord } from './iam-records.ts';
import { accountOfAccessKey, type Principal, principalArn } from './identity.ts';
import { AccountStore } from './journal.ts';
import type { Context, Input, Output, Permission, Service } from './service.ts';

export interface WorldOptions {
  /** Where state is kept; memory only without it. */
  dir?: string | undefined;
  services: Service[];
  clock?: Clock;
  /** Random bytes; a test may give its own. */
  random?: (length: number) => Uint8Array;
  /** How long an IN_PROGRESS lasts, in milliseconds of real time. */
  pace?: number;
  /** Off only by an explicit flag. */
  enforceIam?: boolean;
  /** How late ListExecutions is, in milliseconds: what AWS has eventually consistent is at once here unless asked. */
  eventual?: number | undefined;
  /** The role every unsigned-for caller acts under, instead of the administrator. */
  callerRole?: string | undefined;
  log?: (line: LogLine) => void;
}

export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer | string;
}

export interface LogLine {
  time: string;
  kind: 'request' | 'not-built' | 'delivery' | 'function' | 'fault' | 'sandbox';
  message: string;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export class World {
  readonly clock: Clock;
  readonly services: ReadonlyMap<string, Service>;
  readonly options: WorldOptions;
  /** `http://127.0.0.1:PORT`, once the server listens. */
  endpoint = '';
  /** Answers a request to the endpoint without a connection: functions run in this process and ask a lot. */
  door: ((wire: WireRequest) => Promise<WireAnswer | 'drop'>) | undefined;
  readonly #accounts = new Map<string, Promise<AccountStore>>();
  readonly #opened = new Map<string, AccountStore>();
  readonly #work = new Set<Promise<void>>();
  readonly #listeners = new Map<string, Set<() => void>>();
  #stopping = false;
  #dice: Uint8Array = new Uint8Array();
  #drawn = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.clock = options.clock ?? new Clock();
    this.services = new Map(options.services.map((service) => [service.name, service]));
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** An account's data, opened on first use; services with something to go on with are woken. */
  open(account: string): Promise<AccountStore> {
    let opening = this.#accounts.get(account);
    if (!opening) {
      const dir = this.options.dir ? path.join(this.options.dir, 'accounts', account) : undefined;
      opening = AccountStore.open(account, dir).then(async (store) => {
        this.#opened.set(account, store);
        for (const service of this.services.values()) {
          if (!service.wake) continue;
          const regions = new Set((service.wakeOn ?? []).flatMap((kind) => store.regions(service.name, kind)));
          for (const region of regions)
            await service.wake(this.context(service, store, region, { kind: 'admin', account }));
        }
        return store;
      });
      this.#accounts.set(account, opening);
    }
    return opening;
  }

  /** Whoever holds this access key, and in which account. Sessions that ended are refused as AWS refuses them. */
  async identify(accessKey: string): Promise<{ store: AccountStore; caller: Principal }> {
    const account = accountOfAccessKey(accessKey);
    const store = await this.open(account);
    if (accessKey.startsWith('ASIA')) {
      const session = store.table<SessionRecord>('sts', '', 'sessions').get(accessKey);
      if (!session)
        throw new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
      if (session.expires <= this.clock.now())
        throw new ServiceError('ExpiredTokenException', 'The security token included in the request is expired', 403);
      return { store, caller: { kind: 'role', account, roleArn: session.roleArn, sessionName: session.sessionName } };
    }
    const role = this.options.callerRole;
    if (role) return { store, caller: { kind: 'role', account, roleArn: role, sessionName: 'presso' } };
    return { store, caller: { kind: 'admin', account } };
  }

  context(service: Service, store: AccountStore, region: string, caller: Principal, requestId = this.uuid()): Context {
    const scope = service.global ? '' : region;
    return {
      world: this,
      account: store.account,
      region,
      caller,
      requestId,
      store,
      now: () => this.clock.now(),
      table: (kind) => store.table(service.name, scope, kind),
      archive: (text) => store.archive(text),
      unarchive: (ref) => store.unarchive(ref),
      arn: (resource) => `arn:aws:${service.name}:${scope}:${store.account}:${resource}`,
      call: (name, action, input, options = {}) => {
        const other = this.services.get(name);
        if (!other) throw this.notBuilt(name, action);
        return this.invoke(
          other,
          action,
          input,
          this.context(other, store, options.region ?? region, options.as ?? caller),
        ) as Promise<Input>;
      },
    };
  }

  /** Calls a service from the outside of any request: a delivery, a timer, a running execution. */
  async call(
    service: string,
    action: string,
    input: Input,
    where: { account: string; region: string; as?: Principal },
  ): Promise<Input> {
    const found = this.services.get(service);
    if (!found) throw this.notBuilt(service, action);
    const store = await this.open(where.account);
    const caller = where.as ?? { kind: 'admin', account: where.account };
    return (await this.invoke(found, action, input, this.context(found, store, where.region, caller))) as Input;
  }

  /** One action: IAM, then the work. What it put is on its way to disk; HTTP answers wait for that (server.ts). */
  async invoke(service: Service, action: string, input: Input, context: Context): Promise<Output> {
    const found = Object.hasOwn(service.actions, action) ? service.actions[action] : undefined;
    if (!found) throw this.notBuilt(service.name, action);
    if (this.options.enforceIam !== false)
      for (const permission of found.permissions?.(input, context) ?? []) this.#authorize(service, permission, context);
    return (await found.run(input, context)) ?? {};
  }

  #authorize(service: Service, permission: Permission, context: Context): void {
    try {
      authorize(context.store, context.caller, permission, this.clock.now(), context.region);
    } catch (error) {
      // The query protocol's services call it AccessDenied, the others AccessDeniedException.
      if (error instanceof ServiceError && service.protocol === 'query')
        throw new ServiceError('AccessDenied', error.message, error.status);
      throw error;
    }
  }

  /**
   * A session of `roleArn` for a service that acts under it (a state machine, a rule's target, a function).
   * Throws AccessDeniedException when the role is not there or does not trust the service.
   */
  async assume(
    roleArn: string,
    service: string,
    sessionName: string,
    where: { account: string; sourceArn?: string },
  ): Promise<Principal> {
    const store = await this.open(where.account);
    const role = findRole(store, roleArn);
    const principal: Principal = { kind: 'role', account: where.account, roleArn, sessionName };
    if (this.options.enforceIam === false) return principal;
    const context = {
      'aws:sourceaccount': where.account,
      ...(where.sourceArn ? { 'aws:sourcearn': where.sourceArn } : {}),
    };
    if (!role || !mayAssume(role, { service }, context))
      throw new ServiceError(
        'AccessDeniedException',
        `The role ${roleArn} cannot be assumed by ${service}: it does not exist, or its trust policy does not name that service.`,
        403,
      );
    return principal;
  }

  /**
   * Says that something new is there to be read (`dynamodb:<stream ARN>`). Only a nudge: what there is to read lies on
   * disk, and a service that was not listening finds it when it wakes.
   */
  announce(topic: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }

  /** Calls `listener` at each announcement of `topic`; returns what stops that. */
  listen(topic: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(topic);
    };
  }

  /** Runs something nobody waits for. `settle` and a stop wait for it; a failure goes to the log, not to the caller. */
  background(label: string, work: () => Promise<void>): void {
    if (this.#stopping) return;
    const running: Promise<void> = work()
      .catch((error: unknown) =>
        this.log('sandbox', `${label}: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  }

  /** Waits until no background work is left that does not wait for the clock. */
  async settle(): Promise<void> {
    do await Promise.all([...this.#work, new Promise<void>((done) => setImmediate(done))]);
    while (this.#work.size > 0);
  }

  /** Lets an IN_PROGRESS be seen. */
  async pause(): Promise<void> {
    const ms = this.options.pace ?? 0;
    await new Promise<void>((done) => (ms > 0 ? setTimeout(done, ms) : setImmediate(done)));
  }

  random(length: number): Uint8Array {
    if (this.options.random) return this.options.random(length);
    // Every call needs an id, and a large draw costs hardly more than a small one.
    if (this.#drawn + length > this.#dice.length) {
      this.#dice = randomBytes(Math.max(4_096, length));
      this.#drawn = 0;
    }
    this.#drawn += length;
    return this.#dice.subarray(this.#drawn - length, this.#drawn);
  }

  /** RFC 9562, version 4. */
  uuid(): string {
    const bytes = this.random(16);
    let text = '';
    for (let i = 0; i < 16; i++) {
      const byte = bytes[i] ?? 0;
      if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
      text += HEX[i === 6 ? (byte & 0x0f) | 0x40 : i === 8 ? (byte & 0x3f) | 0x80 : byte];
    }
    return text;
  }

  /** Letters and digits, as in generated names. */
  suffix(length: number): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    return [...this.random(length)].map((byte) => letters[byte % letters.length]).join('');
  }

  log(kind: LogLine['kind'], message: string): void {
    this.options.log?.({ time: new Date(this.clock.now()).toISOString(), kind, message });
  }

  notBuilt(service: string, action: string): ServiceError {
    this.log('not-built', `${service}:${action} was asked for and is not built; the caller was refused.`);
    const query = this.services.get(service)?.protocol === 'query';
    return query
      ? new ServiceError(
          'InvalidAction',
          `The action ${action} is not valid for this endpoint: the sandbox does not carry ${service}:${action}.`,
          400,
        )
      : new ServiceError('UnknownOperationException', `The sandbox does not carry ${service}:${action}.`, 400);
  }

  /** Accounts whose data is open. */
  openAccounts(): AccountStore[] {
    return [...this.#opened.values()];
  }

  describe(principal: Principal): string {
    return principalArn(principal);
  }

  /** Stops timers, lets running work come to a rest, closes services and data. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.clock.stop();
    await Promise.race([this.settle(), new Promise<void>((done) => setTimeout(done, 2_000).unref())]);
    for (const service of this.services.values()) await service.close?.(this);
    // An account that could not be opened (damaged data) has nothing to close.
    for (const opening of this.#accounts.values())
      await opening.then(
        (store) => store.close(),
        () => {},
      );
  }
}
