-- What somebody bought through Discord: a row for each entitlement that Discord told of. A pack's
-- credits are in `bucket_id`, granted once. `consumed` is that Discord needs not be told (any more)
-- that a pack was taken in. Of one that was given back, `written_off` says how much of it was spent.
CREATE TABLE entitlements (
    id          INTEGER PRIMARY KEY,
    sku_id      INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    guild_id    INTEGER NOT NULL,
    starts_at   REAL,
    ends_at     REAL,
    deleted     INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    consumed    INTEGER NOT NULL CHECK (consumed IN (0, 1)),
    bucket_id   INTEGER UNIQUE REFERENCES buckets (id),
    credits     INTEGER CHECK (credits > 0),
    written_off INTEGER CHECK (written_off >= 0),
    next_try_at REAL NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    CHECK ((bucket_id IS NULL) = (credits IS NULL)),
    CHECK (written_off IS NULL OR (deleted = 1 AND written_off <= credits))
) STRICT;

CREATE INDEX entitlements_of_user ON entitlements (user_id) WHERE deleted = 0;
CREATE INDEX entitlements_of_guild ON entitlements (guild_id) WHERE deleted = 0 AND guild_id <> 0;
CREATE INDEX entitlements_unconsumed ON entitlements (next_try_at, id)
    WHERE bucket_id IS NOT NULL AND consumed = 0 AND deleted = 0;

-- Plans by the SKUs that they are sold as, as the operator's settings have it since the last start.
CREATE TABLE plans_sold (
    sku_id INTEGER PRIMARY KEY,
    plan   TEXT NOT NULL
) STRICT;

-- Where somebody last opened the shop: packs that they buy then go to their account there.
CREATE TABLE shop_visits (
    user_id   INTEGER PRIMARY KEY,
    guild_id  INTEGER NOT NULL,
    opened_at REAL NOT NULL
) STRICT;
