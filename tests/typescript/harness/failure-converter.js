// Puts the messages and stacks of failures into payloads, which a codec encodes.

import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
