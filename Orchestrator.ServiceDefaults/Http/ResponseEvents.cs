using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>Callbacks around an answer.</summary>
public static class ResponseEvents
{
    /// <summary>Runs a callback once the answer is sent or its caller has left; the callback must be quick.</summary>
    public static void WhenSent(this HttpResponse response, Action action) => response.OnCompleted(
        static action =>
        {
            ((Action)action).Invoke();
            return Task.CompletedTask;
        },
        action);
}
