# SPDX-License-Identifier: MIT
"""The works on a PostgreSQL schema, and the transfer of a file into one."""

from scenarios import Downgrade, Migrate, Restore, Served, Veto
from server import PostgresWorld
from truth import require


class OnServer:
    """The memory is a schema; everything else is as with a file."""

    def make(self, lab):
        return PostgresWorld(lab, self.name, **self.options())


class PostgresMigrate(OnServer, Migrate):
    name, what = "pg-migrate", "backup, rehearsal and migration of a schema in the first pass ever"

    def finish(self):
        super(Migrate, self).finish()


class PostgresVeto(OnServer, Veto):
    name, what = "pg-veto", "a migration of a schema that a check command refuses after COMMIT"


class PostgresRestore(OnServer, Restore):
    name, what = "pg-restore", "a restore of the state before the migration into the live schema"

    def prepare(self):
        Served.prepare(self)
        self.world.cluster.psql(
            f"INSERT INTO {self.world.schema}.sessions (id, started_at, last_active) VALUES ('lab', 1, 1)", "lab")


class PostgresDowngrade(OnServer, Downgrade):
    name, what = "pg-downgrade", "a downgrade of a schema to version 9"

    def request(self, service):
        return service.operation(kind="downgrade", store=self.world.store(), to=9)


class Transfer(Served):
    name, what = "transfer", "a transfer of a file into an empty schema"
    meaning = {"untouched": {"old"}, "migratedVerified": {"new"}}

    def make(self, lab):
        world = PostgresWorld(lab, self.name, fixture=None, schema="moved", mode="ask", with_file="v4.0.0-first-made.db")
        world.places = ["--watch", world.memory, "--postgres", world.cluster.url("lab")]
        return world

    def changed(self):
        self.states["new"] = self.world.contents()
        require(self.states["new"] != self.states["old"], "transfer: the undisturbed work changed nothing")

    def store(self):
        return self.world.store()

    def request(self, service):
        return service.confirmed(kind="transfer", store=self.world.store(), to=f"{self.world.cluster.url('lab')}#moved")


POSTGRES = (PostgresMigrate, PostgresVeto, PostgresRestore, PostgresDowngrade, Transfer)
