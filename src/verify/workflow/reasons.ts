/** What to do about an order that stopped, by where it stopped and what AWS says of it. Pure. */
import type { Outcome } from './scenarios.ts';

/** Nothing where that is not known better than the check knows. */
export function hintForFailure(outcome: Outcome): { hint?: string } {
  const hint = outcome.endless
    ? 'Look for a Next or a Default that leads back to an earlier state.'
    : outcome.status === 'RUNNING'
      ? 'A state that waits needs HeartbeatSeconds or TimeoutSeconds, or it waits for up to a year.'
      : outcome.status === 'TIMED_OUT'
        ? 'The TimeoutSeconds of the workflow as a whole is too short: customer and barista may take 15 minutes each.'
        : outcome.lostIn !== undefined
          ? `The state "${outcome.lostIn}" puts its answer in the place of the order, so $.detail is gone: give it (and its catcher) a ResultPath of its own, or null to drop its result.`
          : hintForError(outcome);
  return hint === undefined ? {} : { hint };
}

function hintForError({ error = '', cause = '', status, stateType }: Outcome): string | undefined {
  if (status === 'FAILED' && stateType === 'Fail')
    return 'A state of type Fail ends the order with an error: emit the event before it, and let the order end well.';
  if (/^States\.(Timeout|HeartbeatTimeout)$/.test(error))
    return 'Nothing catches the time-out: the state that waits needs a Catch for States.Timeout, spelt just so, with a ResultPath.';
  // What is quoted of the input has its own words, and they say nothing about the error.
  const text = `${error} ${cause.replace(/ in the input '.*$/s, '')}`;
  return HINTS.find(([pattern]) => pattern.test(text))?.[1];
}

const HINTS: [RegExp, string][] = [
  [/'\$\.Task\.Token'/, 'The context object begins with two dollar signs: "TaskToken.$": "$$.Task.Token".'],
  [
    /Task\.Token/,
    'Only a state that waits has a token: use putEvents.waitForTaskToken, and take the token from its context object.',
  ],
  [/ResourceNotFound/, 'Look at the name of the table.'],
  [/StateMachineDoesNotExist|InvalidArn/, 'Use $$.StateMachine.Id: it is the ARN of the workflow that runs.'],
  [/'statusFilter'/, 'StatusFilter is RUNNING, in capital letters.'],
  [/NoChoiceMatched/, 'None of its rules holds, and it has no Default: that is the way for every other case.'],
  [/attribute that does not exist/, 'Look at the key and the attribute: {"PK": {"S": "orderID"}} and IDvalue.'],
  [
    /incorrect data type|field 'N' must be|converted to a numeric value/,
    'DynamoDB writes the number one as {"N": "1"}: the letter N, and the figure as a text.',
  ],
  [
    /Attributes/,
    'The new number is in the answer of the update only where ReturnValues is UPDATED_NEW: $.Attributes.IDvalue.N.',
  ],
  [
    /condition path references/,
    'The Choice asks for a path that its input does not have. What getItem answers stands under Item, as in $.shop.Item.storeOpen.BOOL.',
  ],
  [
    /field 'cause\.\$'/,
    'The catcher leads to a state that writes the cause down first, as a Pass with a ResultPath does.',
  ],
  [
    /field 'orderNumber\.\$'/,
    'The state that adds to the counter keeps the number for this one: ResultSelector picks it out of the answer, ResultPath says where it stays.',
  ],
  ...['orderId', 'userId'].map((name): [RegExp, string] => [
    new RegExp(`JSONPath '(?!\\$\\.detail\\.${name}')[^']*' specified for the field '${name}\\.\\$'`),
    `It stands in the event that started the workflow: $.detail.${name}.`,
  ]),
  [/JSONPath|Path transformation/, 'Look at what the state before it hands on: InputPath, ResultPath and OutputPath.'],
  [/States\.QueryEvaluationError/, 'Look at what the state before it hands on (Output) and keeps (Assign).'],
];
