namespace Orchestrator.Client;

/// <summary>Queued tasks.</summary>
public sealed class TasksClient
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly ListenerCalls _calls;
    private readonly TimeProvider _time;

    internal TasksClient(ListenerCalls calls, TimeProvider time) => (_calls, _time) = (calls, time);

    /// <summary>Enqueues a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<TaskAccepted> EnqueueAsync(TaskRequest task, CancellationToken cancellationToken = default) =>
        _calls.PostAsync("task", task, ContractJson.Request.TaskRequest, ContractJson.Default.TaskAccepted, cancellationToken);

    /// <summary>The state of a task, and its result once it is complete.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<TaskView> GetStatusAsync(string taskId, CancellationToken cancellationToken = default) =>
        _calls.GetAsync($"{PathOf(taskId)}/status", ContractJson.Default.TaskView, cancellationToken);

    /// <summary>Waits until a task is complete, has failed for good or was cancelled.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="cancellationToken">Ends the wait, not the task.</param>
    public async Task<TaskView> WaitAsync(string taskId, CancellationToken cancellationToken = default)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var task = await GetStatusAsync(taskId, cancellationToken);
            if (task.Status is "complete" or "failed" or "cancelled")
            {
                return task;
            }

            await Task.Delay(pause, _time, cancellationToken);
        }
    }

    /// <summary>Cancels a pending task.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<TaskChanged> CancelAsync(string taskId, CancellationToken cancellationToken = default) =>
        _calls.DeleteAsync(PathOf(taskId), ContractJson.Default.TaskChanged, cancellationToken);

    /// <summary>Retries a task that failed for good.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<TaskChanged> RetryAsync(string taskId, CancellationToken cancellationToken = default) =>
        _calls.PostAsync($"{PathOf(taskId)}/retry", ContractJson.Default.TaskChanged, cancellationToken);

    /// <summary>The newest tasks, newest first, without results.</summary>
    /// <param name="status">Those of one status only; null for all.</param>
    /// <param name="limit">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<TaskView>> ListAsync(string? status = null, int limit = 100, CancellationToken cancellationToken = default) =>
        (await ListPageAsync(status, limit, null, false, cancellationToken)).Tasks;

    /// <summary>A page of the tasks, newest first.</summary>
    /// <param name="status">Those of one status only; null for all.</param>
    /// <param name="limit">How many at most, 1 to 1,000.</param>
    /// <param name="cursor">The <see cref="TaskList.Next"/> of the page before; null for the first.</param>
    /// <param name="results">Whether results of up to 4 KB are added.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<TaskList> ListPageAsync(
        string? status = null, int limit = 100, string? cursor = null, bool results = false, CancellationToken cancellationToken = default)
    {
        var query = FormattableString.Invariant(
            $"?status={Uri.EscapeDataString(status ?? "")}&limit={limit}&cursor={Uri.EscapeDataString(cursor ?? "")}&results={(results ? "true" : "false")}");
        return _calls.GetAsync($"tasks{query}", ContractJson.Default.TaskList, cancellationToken);
    }

    /// <summary>Every task type, and the JSON schema of its input.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<TaskTypeEntry>> ListTypesAsync(CancellationToken cancellationToken = default) =>
        (await _calls.GetAsync("tasks/types", ContractJson.Default.TaskTypeList, cancellationToken)).Types;

    private static string PathOf(string taskId) => $"tasks/{Uri.EscapeDataString(taskId)}";
}
