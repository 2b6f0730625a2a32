/** The shapes of a real test order: who moves it on, what was seen of it, where it stopped. */
import type { Judged } from '../routing/diagnose.ts';

/** Which way a test order goes. `alone`: the workflow is started by hand, and its tokens returned, without any rule. */
export type Path = 'served' | 'cancelled' | 'alone';

/** An answer of the shop's own functions, as their API would pass it on. */
export interface ShopAnswer {
  status: number;
  /** The reason of a refusal, in the shop's own words. */
  message: string;
}

/** What a customer and a barista do. The command gives it: orders are another room's business. */
export interface Hands {
  /** Number of the validator's bucket whose code is good now. */
  bucket(): Promise<number>;
  /** Takes a token of the code. `dry`: the code has no orders left. */
  place(userId: string): Promise<{ orderId: string; bucket: number } | ({ dry: boolean } & ShopAnswer)>;
  /** The first drink of the menu that can be ordered. */
  drink(): Promise<string | undefined>;
  submit(orderId: string, userId: string, drink: string): Promise<ShopAnswer>;
  act(orderId: string, action: 'make' | 'complete' | 'cancel'): Promise<ShopAnswer>;
}

/** Time, ids and patience come from outside. */
export interface LiveTime {
  /** epoch milliseconds */
  now(): number;
  sleep(ms: number): Promise<void>;
  id(): string;
  /** How long one step may take, in milliseconds. */
  patience: number;
  /** How long something may still be on its way after an order has stopped, in milliseconds. */
  settle: number;
}

/** How far an order came. In this order, for `served` and `cancelled`. */
export type Stage =
  | 'shop'
  | 'place'
  | 'start'
  | 'known'
  | 'drink'
  | 'number'
  | 'make'
  | 'complete'
  | 'cancel'
  | 'end'
  | 'events';

/** One thing that happened to a test order, as it happens. */
export interface LiveStep {
  path: Path;
  /** `trouble`: where it stopped; `tidy`: it was taken away again; `left`: what could not be */
  kind: 'begin' | 'done' | 'trouble' | 'tidy' | 'left';
  text: string;
  /** milliseconds since the step before */
  tookMs: number;
}

export interface RunSeen {
  name: string;
  arn: string;
  status: string;
  error?: string;
  cause?: string;
  /** Where it stands, or stood at its end. */
  state?: string;
}

/** Where and with what in sight an order stopped. */
export interface Stop {
  stage: Stage;
  /** What was waited for, in milliseconds; absent where it was known at once. */
  waitedMs?: number;
  run?: RunSeen;
  /** What the shop answered. */
  answer?: ShopAnswer;
  /** What the routing says of the rule that should have brought the event. */
  rule?: { name: string } & Pick<Judged, 'status' | 'found' | 'hint'>;
  /** Another state machine that was started instead. */
  other?: string;
  /** More executions than one for one order. */
  runs?: number;
  /** The number that the order got, and where the counter stood. */
  number?: { got: string; counter: number };
  /** Events that never came into the log. */
  missing?: string[];
  /** The workflow was started by hand: no rule had a part in it. */
  alone?: boolean;
  /** No test order can be placed, or served, at this moment. */
  now?: 'no-workflow' | 'express' | 'closed' | 'full' | 'no-drink' | 'dry';
}

/** A test order from its beginning to its being taken away. */
export interface Walk {
  path: Path;
  orderId?: string;
  userId: string;
  number?: string;
  tookMs: number;
  /** Absent when it came to the end as it should. */
  stop?: Stop;
  /** What could not be taken away again, and why. */
  left: string[];
  /** What each task answered, by name of its state; only of an order that came to its end. */
  answers?: Record<string, unknown>;
}

/** What live orders told of tasks whose answers a definition does not show. */
export interface Taught {
  /** By name of the state. */
  answers: Record<string, TaughtAnswer>;
  /** Two orders at once got these numbers. */
  numbers: string[];
}

export interface TaughtAnswer {
  output: unknown;
  /** Where in the output the new number of the counter stands: this task counts. */
  counted: (string | number)[][];
}

/** What checks ask of live orders; each is placed once, one after the other. */
export interface Live {
  walk(path: Path): Promise<Walk>;
  /** Undefined when no order came to its end, so that nothing could be learnt. */
  taught(): Promise<Taught | undefined>;
}
