import { canonicalJson } from '../json.js';
import { law, type RuledLaw } from './law.js';

export const ATTRIBUTE_LAWS: readonly RuledLaw[] = [
  law('attributes-change', 'Search attributes are recorded when they change, and only then.', {
    AttributesSet: ({ data }, { attributes: before }) => (canonicalJson(data) === canonicalJson(before) ? 'nothing changed' : undefined),
  }),
  law('attributes-keep', 'An attribute that could not be computed stays as it was.', {
    AttributesSet: ({ data }, { attributes: before }) => {
      const names = Object.keys(data.errors ?? {});
      const lost = names.find((name) => canonicalJson(data.attributes[name]) !== canonicalJson(before.attributes[name]));
      return lost === undefined ? undefined : `attribute ${lost} is another, and could not be computed`;
    },
  }),
  law('attributes-are-few', 'There are at most 20 search attributes, and no text of more than 256 characters.', {
    AttributesSet: ({ data: { attributes } }) => {
      const values = Object.values(attributes);
      if (values.length > 20) return `${values.length} attributes`;
      return values.some((value) => typeof value === 'string' && value.length > 256) ? 'a text is too long' : undefined;
    },
  }),
];
