"""What workflows are written with. The names are those of Temporal's SDK for Python."""

from .activity import (
    ActivityCancellationType,
    ActivityConfig,
    ActivityHandle,
    LocalActivityConfig,
    execute_activity,
    execute_activity_class,
    execute_activity_method,
    execute_local_activity,
    execute_local_activity_class,
    execute_local_activity_method,
    start_activity,
    start_activity_class,
    start_activity_method,
    start_local_activity,
    start_local_activity_class,
    start_local_activity_method,
)
from .child_workflow import (
    ChildWorkflowCancellationType,
    ChildWorkflowConfig,
    ChildWorkflowHandle,
    ParentClosePolicy,
    execute_child_workflow,
    start_child_workflow,
)
from .continue_as_new import ContinueAsNewError, continue_as_new
from .definition import HandlerUnfinishedPolicy, defn, init, query, run, signal, update
from .dynamic import DynamicWorkflowConfig, dynamic_config
from .external_workflow import (
    ExternalWorkflowHandle,
    get_external_workflow_handle,
    get_external_workflow_handle_for,
)
from .handlers import (
    UpdateInfo,
    all_handlers_finished,
    current_update_info,
    get_dynamic_query_handler,
    get_dynamic_signal_handler,
    get_dynamic_update_handler,
    get_query_handler,
    get_signal_handler,
    get_update_handler,
    set_dynamic_query_handler,
    set_dynamic_signal_handler,
    set_dynamic_update_handler,
    set_query_handler,
    set_signal_handler,
    set_update_handler,
)
from .info import (
    Info,
    ParentInfo,
    RootInfo,
    cancellation_reason,
    extern_functions,
    get_last_completion_result,
    get_last_failure,
    has_last_completion_result,
    in_workflow,
    info,
    instance,
    is_failure_exception,
    payload_converter,
)
from .log import LoggerAdapter, logger, metric_meter
from .nexus import create_nexus_client
from .patch import deprecate_patch, patched
from .random import new_random, random, random_seed, uuid4, uuid7
from .sandbox import SandboxImportNotificationPolicy, unsafe
from .timer import as_completed, now, sleep, time, time_ns, wait, wait_condition
from .versioning import ContinueAsNewVersioningBehavior, VersioningIntent
from .visibility import (
    get_current_details,
    memo,
    memo_value,
    set_current_details,
    upsert_memo,
    upsert_search_attributes,
)
from ..runtime.current import NotInWorkflowEventLoopError as _NotInWorkflowEventLoopError
from ..runtime.errors import NondeterminismError, ReadOnlyContextError

__all__ = [name for name in dir() if not name.startswith("_")]
