import { putEvents } from '../shared/bus.mjs';

/** The new image of every changed row; a row that was deleted has none and is nothing to tell. */
export const newImages = (records) =>
  records
    .map((record) => record.dynamodb?.NewImage)
    .filter((image) => image !== undefined)
    .map((NewImage) => ({ type: 'ConfigService.ConfigChanged', detail: { NewImage } }));

/** A failure is thrown, so that the stream hands the same records over again. */
export async function handler(event) {
  await putEvents(newImages(event.Records));
}
