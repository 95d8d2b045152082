// The types of a command's options, as Discord numbers them.

export const SUBCOMMAND = 1;
export const GROUP = 2;
export const STRING = 3;
export const INTEGER = 4;
export const BOOLEAN = 5;
export const USER = 6;
export const CHANNEL = 7;
export const ROLE = 8;
export const MENTIONABLE = 9;
export const NUMBER = 10;
export const ATTACHMENT = 11;

/** What an option takes, in words; nothing for text. */
export const WORDS = {
  [INTEGER]: "whole number",
  [NUMBER]: "number",
  [BOOLEAN]: "true or false",
  [USER]: "person",
  [ROLE]: "role",
  [CHANNEL]: "channel",
  [MENTIONABLE]: "person or role",
  [ATTACHMENT]: "file",
};
