/**
 * What workflows and activities have in common: failures, payloads, durations, retry policies, definitions.
 *
 * @module
 */
export * from './activity-options.ts';
export { type DataConverter, defaultDataConverter, type PayloadCodec } from './data-converter.ts';
export * from './definitions.ts';
export { type Duration, msOptionalToNumber, msToNumber, type StringValue } from './duration.ts';
export {
  errorMessage,
  IllegalStateError,
  PayloadConverterError,
  UnsupportedError,
  ValueError,
  WorkflowNotFoundError,
} from './errors.ts';
export * from './failure.ts';
export type { Logger, LogLevel, LogMetadata } from './logger.ts';
export * from './payload-converter.ts';
export {
  encodingTypes,
  type EncodingType,
  type Headers,
  METADATA_ENCODING_KEY,
  METADATA_MESSAGE_TYPE_KEY,
  type Payload,
  str,
  u8,
} from './payload.ts';
export type { Priority, RetryPolicy } from './retry-policy.ts';
export {
  defineSearchAttributeKey,
  type SearchAttributeKey,
  type SearchAttributePair,
  type SearchAttributes,
  SearchAttributeType,
  type SearchAttributeUpdatePair,
  type SearchAttributeValue,
  TypedSearchAttributes,
} from './search-attributes.ts';

export type { WorkflowDescription } from './description.ts';
