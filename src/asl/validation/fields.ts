/** Which fields each type of state takes, and in which query language (developer guide, "State machine structure" and the page of each state). */
export const COMMON = ['Type', 'Comment', 'QueryLanguage'];

export const FIELDS: Record<string, string[]> = {
  Pass: 'InputPath OutputPath Result ResultPath Parameters Output Assign Next End'.split(' '),
  Task: 'InputPath OutputPath ResultPath Parameters Arguments Output Assign Resource Credentials ResultSelector Retry Catch TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath Next End'.split(
    ' ',
  ),
  Choice: 'InputPath OutputPath Output Assign Choices Default'.split(' '),
  Wait: 'InputPath OutputPath Output Assign Seconds Timestamp SecondsPath TimestampPath Next End'.split(' '),
  Succeed: 'InputPath OutputPath Output'.split(' '),
  Fail: 'Error Cause ErrorPath CausePath'.split(' '),
  Parallel:
    'InputPath OutputPath ResultPath Parameters Arguments Output Assign ResultSelector Retry Catch Branches Next End'.split(
      ' ',
    ),
  Map: 'InputPath OutputPath ResultPath Parameters Output Assign ResultSelector Retry Catch ItemProcessor Iterator ItemsPath Items ItemSelector ItemReader ItemBatcher ResultWriter MaxConcurrency MaxConcurrencyPath ToleratedFailurePercentage ToleratedFailurePercentagePath ToleratedFailureCount ToleratedFailureCountPath Label Next End'.split(
    ' ',
  ),
};

export const JSONPATH_ONLY = new Set(
  'InputPath OutputPath ResultPath Parameters ResultSelector Result ItemsPath TimeoutSecondsPath HeartbeatSecondsPath SecondsPath TimestampPath MaxConcurrencyPath ToleratedFailurePercentagePath ToleratedFailureCountPath MaxItemsPath MaxItemsPerBatchPath MaxInputBytesPerBatchPath ErrorPath CausePath Variable'.split(
    ' ',
  ),
);

export const JSONATA_ONLY = new Set('Arguments Output Items Condition'.split(' '));

const RELATIONS = ['Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'];

/** Comparison operators of a Choice Rule and the type of what they compare with (States Language, "Data-test expression"). */
export const COMPARISONS: Record<string, 'String' | 'Number' | 'Boolean' | 'Timestamp' | 'Path'> = Object.fromEntries([
  ...(['String', 'Number', 'Timestamp'] as const).flatMap((type) =>
    RELATIONS.flatMap((relation) => {
      const name = `${type === 'Number' ? 'Numeric' : type}${relation}`;
      return [
        [name, type],
        [`${name}Path`, 'Path'],
      ];
    }),
  ),
  ['StringMatches', 'String'],
  ['BooleanEquals', 'Boolean'],
  ['BooleanEqualsPath', 'Path'],
  ...['IsNull', 'IsPresent', 'IsNumeric', 'IsString', 'IsBoolean', 'IsTimestamp'].map((name) => [name, 'Boolean']),
]);
