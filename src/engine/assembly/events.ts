/**
 * Lists of spikes. Neuron kernels leave spikes as bit masks, one u16 a tile of 16 neurons: [image][step][pixel][tile].
 * `emit` turns them into sorted lists a row (CSR) for the forward product, `transpose` into lists a neuron for the weight gradient.
 */

/**
 * CSR lists; items are images. Image b writes its events from b * capacity on, so images need not wait for each other.
 * An entry is (pixel mod wrap) * channels + channel: with wrap = width, three neighbouring pixels of an image row are one run of events whose
 * entries also index the weights [kx][channel] of a 3-wide window. Offsets (absolute, u16 units) come a pixel where `everyPixel`, else a step;
 * each image has one more than it has rows.
 */
export function emit(
  begin: i32, end: i32, _thread: i32,
  steps: i32, pixels: i32, tiles: i32, channels: i32, wrap: i32, everyPixel: i32, capacity: i32,
  masks: usize, offsets: usize, events: usize,
): void {
  const rows = everyPixel ? steps * pixels : steps;
  for (let b = begin; b < end; b++) {
    let mask = masks + (<usize>b * steps * pixels * tiles << 1);
    let offset = offsets + (<usize>b * (rows + 1) << 2);
    const first = events + (<usize>b * capacity << 1), base = b * capacity;
    let e = first;
    for (let t = 0; t < steps; t++) {
      for (let p = 0; p < pixels; p++) {
        if (everyPixel || p == 0) {
          store<i32>(offset, base + <i32>((e - first) >> 1));
          offset += 4;
        }
        let index = (p % wrap) * channels;
        for (let k = 0; k < tiles; k++, mask += 2, index += 16) {
          let bits = <u32>load<u16>(mask);
          while (bits) {
            store<u16>(e, <u16>(index + ctz(bits)));
            e += 2;
            bits &= bits - 1;
          }
        }
      }
    }
    store<i32>(offset, base + <i32>((e - first) >> 1));
  }
}

/**
 * For each neuron the sorted rows (image, step) in which it fired; items are (pixel, tile) pairs. Neuron (p, c) is list p * channels + c,
 * of `capacity` entries at most (the number of rows), its length in `counts`.
 */
export function transpose(
  begin: i32, end: i32, _thread: i32,
  rows: i32, pixels: i32, tiles: i32, channels: i32, capacity: i32,
  masks: usize, counts: usize, lists: usize,
): void {
  const stride = <usize>pixels * tiles << 1;
  for (let item = begin; item < end; item++) {
    const pixel = item / tiles, tile = item - pixel * tiles;
    const first = pixel * channels + (tile << 4);
    const width = min(16, channels - (tile << 4));
    const count = counts + (<usize>first << 2);
    const list = lists + (<usize>first * capacity << 1);
    for (let j = 0; j < width; j++) store<i32>(count + (<usize>j << 2), 0);
    let mask = masks + (<usize>item << 1);
    for (let r = 0; r < rows; r++, mask += stride) {
      let bits = <u32>load<u16>(mask);
      while (bits) {
        const j = ctz(bits);
        const at = count + (<usize>j << 2);
        const n = load<i32>(at);
        store<u16>(list + ((<usize>j * capacity + n) << 1), <u16>r);
        store<i32>(at, n + 1);
        bits &= bits - 1;
      }
    }
  }
}
