import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import aslService from 'amazon-states-language-service';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { matches, parsePattern } from '../src/event-pattern/index.ts';
import { EVENT_SOURCE, EVENTS, FUNCTION_PARTS, PROCESSOR_ROLE_PART, RULES, WORKFLOW_NAME } from '../src/workshop.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const MANAGER = 'templates/order-manager/order-manager.asl.json';
const SOLUTION = 'checks/module-1/solution';

async function lint(text: string): Promise<string[]> {
  const service = aslService.getLanguageService({});
  const document = aslService.TextDocument.create('file://definition.asl.json', 'json', 1, text);
  const faults = await service.doValidation(document, service.parseJSONDocument(document) as never);
  return faults.map(({ message }) => String(message));
}

test.each([MANAGER, `${SOLUTION}/order-processor.asl.json`, `${SOLUTION}/order-processor-part-a.asl.json`])(
  "AWS's own linter finds nothing in %s",
  async (file) => {
    expect(await lint(read(file))).toEqual([]);
    expect(await lint('{"StartAt":"Nowhere","States":{}}')).not.toEqual([]);
  },
);

describe('the menu as the order manager reads it', () => {
  const menu = parse(read('templates/seed/menu.yaml')) as {
    drinks: { drink: string; icon: string; available: boolean; modifiers: { Name: string; Options: string[] }[] }[];
  };
  const text = (value: string) => ({ S: value });
  const row = (soldOut: string[] = []) => ({
    Item: {
      PK: text('menu'),
      value: {
        L: menu.drinks.map(({ drink, icon, available, modifiers }) => ({
          M: {
            drink: text(drink),
            icon: text(icon),
            available: { BOOL: available && !soldOut.includes(drink) },
            modifiers: {
              L: modifiers.map(({ Name, Options }) => ({ M: { Name: text(Name), Options: { L: Options.map(text) } } })),
            },
          },
        })),
      },
    },
  });
  const states = JSON.parse(read(MANAGER)).States;
  const evaluate = (expression: string, variables: Record<string, unknown>) =>
    jsonata(expression.replace(/^\{%|%\}$/g, '')).evaluate(undefined, variables);

  async function onTheMenu(drink: unknown, modifiers: unknown, result: unknown = row()): Promise<boolean> {
    const asked = { body: { drink, modifiers } };
    const input = { states: { input: asked, result }, asked };
    const toDrink = states['What is asked?'].Choices.find(({ Next }: { Next: string }) => Next === 'Read menu');
    return evaluate(states['On the menu?'].Choices[0].Condition, {
      modifiers: await evaluate(toDrink.Assign.modifiers, input),
      offers: await evaluate(states['Read menu'].Assign.offers, input),
    });
  }

  test.each([
    ['Espresso', []],
    ['Espresso', undefined],
    ['Coffee of the day', []],
    ['Latte', ['Oat milk']],
    ['Latte', ['Decaf', 'Oat milk', 'Vanilla']],
  ])('%s with %j is served', async (drink, modifiers) => {
    expect(await onTheMenu(drink, modifiers)).toBe(true);
  });

  test.each([
    ['Tea', []],
    ['espresso', []],
    ['', []],
    ['Espresso', ['Oat milk']],
    ['Coffee of the day', ['Decaf']],
    ['Latte', ['Oat milk', 'Arsenic']],
    ['Latte', ['Oat milk', 'Oat milk']],
    ['Latte', ['Oat milk', 'Soy milk']],
    ['Latte', ['']],
    ['Latte', [{ S: 'Oat milk' }]],
  ])('%s with %j is not', async (drink, modifiers) => {
    expect(await onTheMenu(drink, modifiers)).toBe(false);
  });

  test('nor is what has run out, nor anything while there is no menu', async () => {
    expect(await onTheMenu('Latte', [], row(['Latte']))).toBe(false);
    expect(await onTheMenu('Latte', [], {})).toBe(false);
    expect(await onTheMenu('Latte', [], { Item: { PK: text('menu'), value: { L: [] } } })).toBe(false);
  });

  test('the menu that comes with the workshop has each drink and each answer once', () => {
    const drinks = menu.drinks.map(({ drink }) => drink);
    expect(drinks).toEqual(['Espresso', 'Cappuccino', 'Latte', 'Flat White', 'Americano', 'Coffee of the day']);
    for (const { icon, modifiers } of menu.drinks) {
      expect(icon).toMatch(/^barista-icons_[a-z-]+$/);
      const options = modifiers.flatMap(({ Options }) => Options);
      expect(new Set(options).size).toBe(options.length);
    }
  });
});

describe('the reference solution', () => {
  const build = parse(read('checks/module-2/solution/build.yaml')) as {
    extends: string;
    resources: { kind: string; name?: string; pattern?: object; targets?: Record<string, unknown>[] }[];
  };
  const rules = build.resources.filter(({ kind }) => kind === 'rule');

  test('has the rules of the lesson, and each catches exactly its event', () => {
    expect(rules.map(({ name }) => name)).toEqual(RULES);
    const caught = (pattern: object) =>
      Object.values(EVENTS).filter((type) =>
        matches(parsePattern(JSON.stringify(pattern)), { source: EVENT_SOURCE, 'detail-type': type, detail: {} }),
      );
    expect(Object.fromEntries(rules.map(({ name, pattern }) => [name, caught(pattern ?? {})]))).toEqual({
      logAll: Object.values(EVENTS),
      NewOrder: [EVENTS.newOrder],
      WorkflowStarted: [EVENTS.workflowStarted],
      WaitingCompletion: [EVENTS.processorWaiting],
    });
  });

  test('leads each rule to what the core brings', () => {
    expect(rules.flatMap(({ targets }) => targets)).toEqual([
      { id: 'logs', logGroup: '/aws/events/serverlesspressoEventBus' },
      { id: 'workflow', workflow: WORKFLOW_NAME, role: 'Amazon_EventBridge_Invoke_Step_Functions_NewOrder' },
      { id: 'function', function: { contains: FUNCTION_PARTS.workflowStarted } },
      { id: 'function', function: { contains: FUNCTION_PARTS.waitingCompletion } },
    ]);
    expect(parse(read(path.join('checks/module-2/solution', build.extends, 'build.yaml')))).toEqual({
      resources: [
        {
          kind: 'workflow',
          name: WORKFLOW_NAME,
          type: 'STANDARD',
          definition: 'order-processor.asl.json',
          role: { contains: PROCESSOR_ROLE_PART },
        },
      ],
    });
  });

  test('waits for an answer at two events only, and emits all of them', () => {
    const states = Object.values(JSON.parse(read(`${SOLUTION}/order-processor.asl.json`)).States) as {
      Resource?: string;
      Parameters?: { Entries?: { DetailType: string }[] };
      HeartbeatSeconds?: number;
    }[];
    const emits = (resource: string) =>
      states
        .filter(({ Resource }) => Resource === resource)
        .map(({ Parameters }) => Parameters?.Entries?.[0]?.DetailType);
    expect(emits('arn:aws:states:::events:putEvents.waitForTaskToken')).toEqual([
      EVENTS.workflowStarted,
      EVENTS.processorWaiting,
    ]);
    expect(emits('arn:aws:states:::events:putEvents').sort()).toEqual(
      [EVENTS.orderFinished, EVENTS.orderTimeOut, EVENTS.shopUnavailable].sort(),
    );
  });
});
