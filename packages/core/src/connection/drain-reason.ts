/** Why peers are let finish, in the words of a codec's `farewell`: another server takes over, or none does. */
export type DrainReason = "drain" | "stop";
