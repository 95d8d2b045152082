-- What somebody was charged since a moment, whatever paid: the operator's cap counts it.
CREATE INDEX jobs_charged ON jobs (guild_id, user_id, created_at, cost)
    WHERE cost > 0 AND state NOT IN ('failed', 'cancelled');
