import { z } from 'zod';

const Line = z.object({ sku: z.string().min(1), quantity: z.int().positive() });

/** What the saga starts with. `total` is in cents: money is never a fraction here. */
export const OrderSchema = z.object({
  orderId: z.string().min(1),
  customerId: z.string().min(1),
  lines: z.array(Line).min(1),
  total: z.int().nonnegative(),
});

export type Order = z.infer<typeof OrderSchema>;
export type OrderLine = Order['lines'][number];
