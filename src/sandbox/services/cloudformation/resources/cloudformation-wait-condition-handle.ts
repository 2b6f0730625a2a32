import type { ResourceType } from './type.ts';

/** A URL that nobody answers: it is used to have a stack with nothing in it. */
export const waitConditionHandle: ResourceType = {
  properties: {},
  replaces: [],
  attributes: ['Id'],
  async create(_properties, work) {
    const arn = encodeURIComponent(`${work.stackId}/${work.logicalId}`);
    const id = `https://cloudformation-waitcondition-${work.region}.s3.amazonaws.com/${arn}`;
    work.made(id);
    return { id, attributes: { Id: id } };
  },
  async update(id) {
    return { id };
  },
  async delete() {},
};
