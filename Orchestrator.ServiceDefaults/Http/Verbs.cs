using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>Additional verbs of an endpoint.</summary>
public static class Verbs
{
    /// <summary>
    /// Adds HEAD, which many balancers probe with: GET's handler, whose body the server omits. Only for calls that change
    /// nothing. It is mapped beside GET, because handlers passed on as delegates are compiled at the first call, which takes
    /// a quarter of a process's start.
    /// </summary>
    public static string[] Head { get; } = [HttpMethods.Head];
}
