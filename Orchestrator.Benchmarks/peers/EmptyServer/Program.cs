// The template's empty ASP.NET Core application: what any service of this runtime pays before it does anything.
var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => "Hello World!");
app.Run();
