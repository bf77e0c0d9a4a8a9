"""The three ways of data, as the code has them; `architecture` draws them, and a test holds them against the code."""

from __future__ import annotations

from typing import Final

from .way import Place, Stage, Way, step

LOOP: Final = "on the event loop"
WRITER: Final = "on the writer's thread"

BODY: Final = Way(
    "body",
    "One body, from the socket to the ledger",
    (
        Stage(
            "The door",
            LOOP,
            (
                step("collector.doors.http.connection:HttpConnection"),
                step("collector.doors.http.reader:RequestReader"),
                step("collector.doors.http.head:Head"),
                step("collector.doors.body:Body"),
                step("collector.doors.http.door:HttpDoor"),
                step("collector.doors.door:Door.hand_on"),
            ),
        ),
        Stage(
            "Taken in",
            LOOP,
            (
                step(
                    "collector.collector:Collector.accept", "callback", "collector.doors.door:Accept", "collector.plane"
                ),
                step("collector.intake:Intake"),
                step("collector.request:Request"),
            ),
        ),
        Stage(
            "Read",
            WRITER,
            (
                step(
                    "collector.books.writer:Writer", "queue", "collector.books.writer:Writer.submit", "collector.intake"
                ),
                step("collector.request:Request.stage_all"),
                step("collector.decoders:Decoders"),
                step(
                    "collector.kernels.spans:decode_spans",
                    "callback",
                    "collector.decoders:Decoders",
                    "collector.kernels.loading",
                ),
                step("collector.columns:Spans"),
            ),
        ),
        Stage(
            "Counted",
            WRITER,
            (
                step("collector.counting.spans:count_spans"),
                step("collector.books.tracks:Tracks"),
                step("collector.registry.series:Series"),
                step("collector.registry.judges:Judges.of"),
                step("slo.sli:SLI.verdict"),
                step("slo.classify:availability"),
            ),
        ),
        Stage(
            "Committed",
            WRITER,
            (
                step("collector.books.books:Books.commit"),
                step("collector.ledger.ledger:Ledger.commit"),
                step(
                    "collector.books.tracks:Tracks.write",
                    "protocol",
                    "collector.ledger.part:Part",
                    "collector.books.books",
                ),
                step("collector.ledger.buckets:Buckets.write"),
                step("collector.ledger.tallies:Tallies.write"),
                step(
                    "collector.books.rolling:Rolling.keep",
                    "protocol",
                    "collector.ledger.part:Part",
                    "collector.books.books",
                ),
            ),
            after=Place.at("collector.books.writer:Writer"),
        ),
        Stage(
            "Answered",
            "back on the event loop",
            (
                step("collector.request:Request.settled"),
                step("collector.receipt:Receipt"),
                step(
                    "collector.doors.http.door:HttpDoor",
                    "future",
                    "collector.doors.door:Door.hand_on",
                    "collector.doors.http.door",
                ),
                step("collector.doors.http.answer:answer"),
                step("collector.doors.http.connection:HttpConnection.answer"),
            ),
            after=Place.at("collector.books.writer:Writer"),
        ),
    ),
)

COUNT: Final = Way(
    "count",
    "One count, from the ledger to a page and to a panel",
    (
        Stage(
            "Read back",
            "after a commit, and every 5 s",
            (
                step("collector.ledger.days:sums"),
                step("collector.books.rolling:Rolling"),
                step("collector.books.books:Books"),
                step("collector.collector:Collector.observe"),
                step("slo.source:Observation"),
            ),
        ),
        Stage(
            "Evaluated",
            "on a worker thread",
            (
                step("slo.evaluate:Evaluator.at"),
                step("slo.arithmetic:compare"),
                step("slo.evaluation:Evaluation"),
                step("slo.budget:ErrorBudget"),
                step("slo.status:Status"),
            ),
        ),
        Stage(
            "An alert",
            "in one transaction",
            (
                step("alerts.paging:Paging"),
                step("alerts.engine:AlertEngine"),
                step("alerts.conditions.burning:Burning"),
                step("alerts.conditions.condition:Judgement"),
                step("alerts.round:Round"),
                step("alerts.state:step"),
                step("alerts.stages.stage:walk"),
                step(
                    "alerts.messages.writer:Writer.triggers",
                    "protocol",
                    "alerts.stages.stage:AlertStage",
                    "alerts.round",
                ),
                step("alerts.notification:Notification"),
                step("alerts.outbox:Outbox.add"),
            ),
            after=Place.at("slo.evaluation:Evaluation"),
        ),
        Stage(
            "Told",
            LOOP,
            (
                step("alerts.pager:Pager", "queue", "alerts.outbox:Outbox.due", "alerts.pager"),
                step("alerts.notifier:Notifier"),
                step("alerts.senders.webhook:WebhookNotifier"),
            ),
        ),
        Stage(
            "The page",
            "when somebody looks",
            (
                step("serving.routes.pages:PageRoutes"),
                step("dashboards.overview_page:render_overview"),
                step("dashboards.card:Card"),
                step("slo.figures:percent"),
            ),
            after=Place.at("slo.evaluation:Evaluation"),
        ),
        Stage(
            "/metrics",
            "when it is scraped",
            (
                step("serving.evaluations:Evaluations"),
                step("serving.exposition:Exposition"),
                step("collector.exposition:expose"),
                step("slo.metric_names:LABELS"),
            ),
            after=Place.at("slo.evaluation:Evaluation"),
        ),
        Stage(
            "A panel",
            "by `fournines build`",
            (
                step("dashboards.grafana.expressions:budget_remaining"),
                step("dashboards.grafana.slo_board:slo_board"),
                step("dashboards.grafana.provision:write"),
            ),
        ),
    ),
)

FILE: Final = Way(
    "file",
    "One SLO file, from the disk to a rule and to the matcher",
    (
        Stage(
            "Read",
            "at the start, and on change",
            (
                step("slo.openslo.files:SloFiles"),
                step("slo.openslo.load:load_slos"),
                step("slo.openslo.yaml_reader:read_file"),
                step("slo.openslo.document:Document"),
                step("slo.openslo.margin:Margin"),
                step("slo.openslo.validation:validate"),
            ),
        ),
        Stage(
            "Understood",
            "object by object",
            (
                step("slo.openslo.objects:SLOObject", "table", "slo.openslo.versions:VERSIONS", "slo.openslo.versions"),
                step("slo.openslo.slo_shapes:SLOSpec"),
                step("slo.openslo.sli_shapes:SLISpec"),
                step("slo.openslo.event_specs:TotalSpec"),
                step("slo.openslo.indicator:EventRatio"),
                step("slo.openslo.declare:declare"),
                step("slo.slo:SLO"),
            ),
        ),
        Stage(
            "A rule",
            "by `fournines build`",
            (
                step("alerts.rules.rule_labels:own_labels"),
                step("alerts.rules.subject:OneSlo"),
                step("alerts.rules.slo_rules:SloRules"),
                step("alerts.rules.prometheus:build_rules"),
                step("alerts.rules.prometheus:write"),
            ),
        ),
        Stage(
            "In force",
            "in one transaction",
            (
                step("serving.reload:SloReload"),
                step("collector.collector:Collector.declare"),
                step("collector.books.chore:Chore"),
                step("collector.books.books:Books"),
                step("collector.registry.registry:Registry.declare"),
            ),
            after=Place.at("slo.openslo.files:SloFiles"),
        ),
        Stage(
            "The matcher",
            "when a span or a point comes",
            (
                step("collector.registry.judges:Judge"),
                step("collector.registry.series:Series.feeds"),
                step("slo.sli:SLI.verdict"),
                step("slo.sli:Condition"),
            ),
        ),
    ),
)

WAYS: Final = (BODY, COUNT, FILE)
