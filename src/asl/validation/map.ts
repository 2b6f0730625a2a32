import type { Json, JsonObject } from '../types.ts';
import { element, member } from './json-text.ts';
import { readResource } from './resources.ts';
import {
  checkArray,
  checkEnum,
  checkExpression,
  checkFields,
  checkNumber,
  checkObject,
  checkOneOf,
  checkReferencePath,
  checkRequired,
  checkString,
  checkTemplate,
  isExpression,
  type Place,
} from './values.ts';

/** How a Map runs its iterations: what its nested states must keep to. */
export interface Processing {
  distributed: boolean;
  type: 'STANDARD' | 'EXPRESS';
}

/** A Map State without its nested machine (developer guide, "Map workflow state", inline and distributed mode). */
export function checkMap(
  place: Place,
  state: JsonObject,
  type: 'STANDARD' | 'EXPRESS',
  labels: Set<string>,
): Processing {
  checkOneOf(place, state, ['ItemProcessor', 'Iterator'], true);
  checkOneOf(place, state, ['ItemSelector', 'Parameters']);
  for (const name of ['MaxConcurrency', 'ToleratedFailureCount', 'ToleratedFailurePercentage']) {
    checkOneOf(place, state, [name, `${name}Path`]);
    checkReferencePath(place, state, `${name}Path`);
  }
  checkNumber(place, state, 'MaxConcurrency', { min: 0, expression: true });
  checkNumber(place, state, 'ToleratedFailureCount', { min: 0, expression: true });
  checkNumber(place, state, 'ToleratedFailurePercentage', { min: 0, max: 100, fraction: true, expression: true });
  checkReferencePath(place, state, 'ItemsPath');
  checkItems(place, state);
  checkTemplate(place, member(place.location, 'ItemSelector'), state.ItemSelector);
  checkLabel(place, state, labels);

  const processing = checkProcessor(place, state, type);
  for (const name of ['ItemReader', 'ItemBatcher', 'ResultWriter'])
    if (Object.hasOwn(state, name) && !processing.distributed)
      place.report.warning(
        'SCHEMA_VALIDATION_FAILED',
        `Field '${name}' is meant for the 'DISTRIBUTED' mode`,
        member(place.location, name),
      );
  checkReader(place, state);
  checkBatcher(place, state);
  checkWriter(place, state);
  return processing;
}

/** JSONata's Items: an array, an object, or an expression that gives one. */
function checkItems(place: Place, state: JsonObject): void {
  const { Items: items } = state;
  if (items === undefined || place.language !== 'JSONata') return;
  const location = member(place.location, 'Items');
  if (typeof items === 'string' ? !isExpression(items) : typeof items !== 'object' || items === null)
    place.report.schema(location, 'Expected value of type Array');
  else if (typeof items === 'string') checkExpression(place, location, items);
  else checkTemplate(place, location, items);
}

function checkLabel(place: Place, state: JsonObject, labels: Set<string>): void {
  const { Label: label } = state;
  if (label === undefined) return;
  const location = member(place.location, 'Label');
  if (typeof label !== 'string') place.report.schema(location, 'Expected value of type String');
  else if (label === '' || label.length > 40 || /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u.test(label))
    place.report.error('INVALID_LABEL_NAME', `Invalid label name: ${label}`, location);
  else if (labels.has(label)) place.report.error('DUPLICATE_LABEL_NAME', `Duplicate label name: ${label}`, location);
  else labels.add(label);
}

function checkProcessor(place: Place, state: JsonObject, type: 'STANDARD' | 'EXPRESS'): Processing {
  const field = Object.hasOwn(state, 'ItemProcessor') ? 'ItemProcessor' : 'Iterator';
  const processor = checkObject(place, state, field);
  const at: Place = { ...place, location: member(place.location, field) };
  const config = processor && checkObject(at, processor, 'ProcessorConfig');
  if (!config) return { distributed: false, type };
  const here: Place = { ...at, location: member(at.location, 'ProcessorConfig') };
  checkEnum(here, config, 'Mode', ['INLINE', 'DISTRIBUTED']);
  const distributed = config.Mode === 'DISTRIBUTED';
  checkFields(here, config, distributed ? ['Mode', 'ExecutionType'] : ['Mode']);
  if (!distributed) return { distributed, type };
  if (type === 'EXPRESS')
    here.report.schema(
      here.location,
      "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines",
    );
  checkRequired(here, config, ['ExecutionType']);
  checkEnum(here, config, 'ExecutionType', ['STANDARD', 'EXPRESS']);
  return { distributed, type: config.ExecutionType === 'EXPRESS' ? 'EXPRESS' : 'STANDARD' };
}

const request = (place: Place): string => (place.language === 'JSONata' ? 'Arguments' : 'Parameters');

/** Where items come from or results go to; as with a Task, a URI of another interpreter is only advised against. */
function checkStore(place: Place, resource: Json | undefined, known: RegExp): void {
  if (typeof resource !== 'string' || known.test(resource)) return;
  const location = member(place.location, 'Resource');
  if (readResource(resource).kind === 'foreign')
    place.report.warning(
      'INVALID_RESOURCE',
      `The resource ${resource} is none that AWS Step Functions can call`,
      location,
    );
  else place.report.schema(location, "The field 'Resource' does not match any of the allowed values");
}

function checkReader(place: Place, state: JsonObject): void {
  const reader = checkObject(place, state, 'ItemReader');
  if (!reader) return;
  const at: Place = { ...place, location: member(place.location, 'ItemReader') };
  checkFields(at, reader, ['Resource', 'Parameters', 'Arguments', 'ReaderConfig']);
  checkRequired(at, reader, ['Resource']);
  checkString(at, reader, 'Resource');
  checkTemplate(at, member(at.location, request(at)), reader[request(at)]);
  const { Resource: resource } = reader;
  checkStore(at, resource, /^arn:aws[a-z-]*:states:::s3:(getObject|listObjectsV2)$/);
  const config = checkObject(at, reader, 'ReaderConfig');
  if (!config) return;
  const here: Place = { ...at, location: member(at.location, 'ReaderConfig') };
  const csv = config.InputType === 'CSV' || config.InputType === 'MANIFEST';
  checkFields(here, config, [
    'InputType',
    'Transformation',
    'ManifestType',
    'MaxItems',
    'MaxItemsPath',
    'ItemsPointer',
    ...(csv ? ['CSVHeaderLocation', 'CSVHeaders', 'CSVDelimiter'] : []),
  ]);
  checkEnum(here, config, 'InputType', ['CSV', 'JSON', 'JSONL', 'MANIFEST', 'PARQUET']);
  checkEnum(here, config, 'Transformation', ['NONE', 'LOAD_AND_FLATTEN']);
  checkEnum(here, config, 'ManifestType', ['ATHENA_DATA', 'S3_INVENTORY']);
  checkEnum(here, config, 'CSVHeaderLocation', ['FIRST_ROW', 'GIVEN']);
  checkEnum(here, config, 'CSVDelimiter', ['COMMA', 'PIPE', 'SEMICOLON', 'SPACE', 'TAB']);
  if (config.InputType === 'CSV' && !Object.hasOwn(config, 'CSVHeaderLocation'))
    here.report.schema(here.location, "The field 'CSVHeaderLocation' is required");
  if (config.CSVHeaderLocation === 'GIVEN') checkRequired(here, config, ['CSVHeaders']);
  for (const [index, header] of (checkArray(here, config, 'CSVHeaders', { nonEmpty: true }) ?? []).entries())
    if (typeof header !== 'string')
      here.report.schema(element(member(here.location, 'CSVHeaders'), index), 'Expected value of type String');
  checkOneOf(here, config, ['MaxItems', 'MaxItemsPath']);
  checkNumber(here, config, 'MaxItems', { min: 0, max: 100_000_000, expression: true });
  checkReferencePath(here, config, 'MaxItemsPath');
  checkString(here, config, 'ItemsPointer');
}

function checkBatcher(place: Place, state: JsonObject): void {
  const batcher = checkObject(place, state, 'ItemBatcher');
  if (!batcher) return;
  const at: Place = { ...place, location: member(place.location, 'ItemBatcher') };
  const sizes = ['MaxItemsPerBatch', 'MaxInputBytesPerBatch'];
  const given = sizes.flatMap((name) => [name, `${name}Path`]);
  checkFields(at, batcher, ['BatchInput', ...given]);
  for (const name of sizes) {
    checkOneOf(at, batcher, [name, `${name}Path`]);
    checkReferencePath(at, batcher, `${name}Path`);
  }
  checkNumber(at, batcher, 'MaxItemsPerBatch', { min: 1, expression: true });
  checkNumber(at, batcher, 'MaxInputBytesPerBatch', { min: 1, max: 262_144, expression: true });
  if (!given.some((name) => Object.hasOwn(batcher, name)))
    at.report.schema(
      at.location,
      `This object should have at least one of the following fields: [${given.join(', ')}]`,
    );
  checkTemplate(at, member(at.location, 'BatchInput'), batcher.BatchInput);
}

function checkWriter(place: Place, state: JsonObject): void {
  const writer = checkObject(place, state, 'ResultWriter');
  if (!writer) return;
  const at: Place = { ...place, location: member(place.location, 'ResultWriter') };
  checkFields(at, writer, ['Resource', 'Parameters', 'Arguments', 'WriterConfig']);
  checkString(at, writer, 'Resource');
  checkTemplate(at, member(at.location, request(at)), writer[request(at)]);
  const { Resource: resource } = writer;
  checkStore(at, resource, /^arn:aws[a-z-]*:states:::s3:putObject$/);
  const config = checkObject(at, writer, 'WriterConfig');
  if (!config) {
    checkRequired(at, writer, ['Resource']);
    return;
  }
  const here: Place = { ...at, location: member(at.location, 'WriterConfig') };
  checkFields(here, config, ['Transformation', 'OutputType']);
  checkEnum(here, config, 'Transformation', ['NONE', 'COMPACT', 'FLATTEN']);
  checkEnum(here, config, 'OutputType', ['JSON', 'JSONL']);
}
