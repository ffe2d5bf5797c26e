using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

/// <summary>Lists of tasks, as tests ask for them.</summary>
internal static class TaskQueueLists
{
    /// <summary>The first page, with results of any size.</summary>
    public static async ValueTask<IReadOnlyList<TaskRecord>> ListAsync(
        this ITaskQueue queue, TaskPhase? state, int limit, CancellationToken cancellationToken) =>
        (await queue.ListAsync(new TaskQuery { State = state, Limit = limit, MaxResultBytes = int.MaxValue }, cancellationToken)).Tasks;

    /// <summary>The ids of all pages.</summary>
    public static async Task<IReadOnlyList<string>> ListPagesAsync(
        this ITaskQueue queue, TaskPhase? state, int limit, CancellationToken cancellationToken)
    {
        List<string> ids = [];
        var query = new TaskQuery { State = state, Limit = limit };
        while (true)
        {
            var page = await queue.ListAsync(query, cancellationToken);
            Assert.True(page.Tasks.Count <= limit);
            ids.AddRange(page.Tasks.Select(task => task.Id));
            if (page.Next is not { } next)
            {
                return ids;
            }

            query = query with { After = next };
        }
    }
}
