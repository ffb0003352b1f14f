/** Packs blocks that have to wait until both trees were read. */
import {deserialize, serialize} from 'node:v8';
import {deflateRawSync, inflateRawSync} from 'node:zlib';
import type {Block} from '../../core/block.js';
import type {Packing} from '../../plan/loose-rows.js';

export const packing: Packing = {
  pack(block) {
    const {count, end, text} = block;
    const rows = {text: text.subarray(0, end[count - 1])};
    const columns = Object.entries(block).flatMap(([name, column]) =>
      ArrayBuffer.isView(column) && name !== 'text' ? [[name, (column as Uint8Array).subarray(0, count)]] : [],
    );
    return deflateRawSync(serialize({...Object.fromEntries(columns), ...rows, count}), {level: 1});
  },
  unpack: (packed) => deserialize(inflateRawSync(packed as Buffer)) as Block,
};
