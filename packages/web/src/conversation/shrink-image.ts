/** Models see no more than this of either side. */
const MAX_SIDE = 2000;
const MAX_BYTES = 3 * 1024 * 1024;
const QUALITY = 0.85;

/**
 * The image as it is when it is small enough, else smaller. A photo of a phone has ten times the pixels that a model looks
 * at.
 * @throws when it is no image that this browser can read
 */
export async function shrinkImage(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size <= MAX_BYTES) {
    bitmap.close();
    return file;
  }
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('The image could not be made smaller.')) : resolve(blob)),
      'image/jpeg',
      QUALITY,
    );
  });
}
